import { MingdanError } from '@mingdan/kernel';
import type { BirthInput } from '../birth-input.ts';
import type { Chart } from '../chart.ts';
import type { Warning } from '../warnings.ts';

export type BaziSourceName = 'local' | 'yuanfenju';

/** What a vendor added to our chart. */
export interface VendorData {
  /** the vendor's pillars; three when the hour is unknown */
  bazi: string[];
  /** the vendor's answer without what depends on a gender or an hour that was not told */
  data: Record<string, unknown>;
  /** the vendor's own notice, such as "for entertainment only" */
  notice: string | null;
}

export interface SourceAnswer {
  /** always computed here: its pillars rule */
  chart: Chart;
  source: BaziSourceName;
  vendor?: VendorData;
  /** the chart's warnings, and `vendor_differs` */
  warnings: Warning[];
}

/** Where the data of a report comes from. */
export interface BaziSource {
  readonly name: BaziSourceName;
  /** @throws BirthError, YuanfenjuRefused, YuanfenjuUnreachable */
  chart(input: BirthInput, signal?: AbortSignal): Promise<SourceAnswer>;
}

/** The vendor answered no: asking again does not help. */
export class YuanfenjuRefused extends MingdanError {}

/** No answer, or one that a retry may better. */
export class YuanfenjuUnreachable extends MingdanError {}
