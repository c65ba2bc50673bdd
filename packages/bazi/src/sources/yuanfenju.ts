import { z } from 'zod';
import { BirthError } from '../birth-error.ts';
import type { BirthInput } from '../birth-input.ts';
import { type Chart, computeChart } from '../chart.ts';
import { PILLARS } from '../pillars.ts';
import type { Warning } from '../warnings.ts';
import { type BaziSource, type VendorData, YuanfenjuUnreachable } from './contract.ts';
import { callYuanfenju, merchantSchema, paipanSchema, type YuanfenjuOptions } from './yuanfenju-wire.ts';

export type { YuanfenjuOptions } from './yuanfenju-wire.ts';

export interface YuanfenjuAccount {
  type: string | null;
  expires: string | null;
  remainingCalls: string | null;
}

export interface YuanfenjuSource extends BaziSource {
  /** Asks for the account, which costs no call. @throws YuanfenjuRefused for a bad key, YuanfenjuUnreachable */
  checkAccount(signal?: AbortSignal): Promise<YuanfenjuAccount>;
}

/** No name of a person leaves the house. */
const NAME = '命主';

/**
 * The form of /v1/Bazi/paipan. Always a solar date with the solar clock that our own chart used, and no correction on their side,
 * so that both count from the same time; unknown hour: noon, and the hour is dropped from the answer.
 */
export function paipanForm(chart: Chart): Record<string, string> {
  const at = chart.solarTimeUsed ?? `${chart.solarDate}T12:00:00`;
  const match = /^(\d+)-(\d+)-(\d+)T(\d+):(\d+)/.exec(at);
  if (!match) throw new BirthError('bad_format', 'the chart has no date', 'date');
  const [year, month, day, hours, minute] = match.slice(1).map((part) => String(Number(part)));
  return {
    name: NAME,
    // 0 male, 1 female. Unknown: asked as male, and what follows from it is dropped.
    sex: chart.birth.gender === 'female' ? '1' : '0',
    type: '1',
    year: year ?? '',
    month: month ?? '',
    day: day ?? '',
    hours: hours ?? '',
    minute: minute ?? '',
    sect: chart.birth.ziHour === '23' ? '1' : '2',
    zhen: '2',
    lang: 'zh-cn',
  };
}

/** What counts from gender and hour, or echoes the ones we made up to be able to ask. */
const COUNTED_FROM_BOTH = new Set(['base_info', 'dayun_info', 'dayunshensha']);

/** Takes out what depends on something that was not told; lists of four are one entry a pillar. */
function onlyKnown(value: unknown, hourKnown: boolean): unknown {
  if (Array.isArray(value))
    return (hourKnown || value.length !== 4 ? value : value.slice(0, 3)).map((part) => onlyKnown(part, hourKnown));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !COUNTED_FROM_BOTH.has(key) && (hourKnown || key !== 'hour'))
      .map(([key, part]) => [key, onlyKnown(part, hourKnown)]),
  );
}

function vendorData(chart: Chart, raw: unknown, notice: string | null): VendorData {
  const read = paipanSchema.safeParse(raw);
  if (!read.success) {
    throw new YuanfenjuUnreachable('yuanfenju_bad_answer', 'yuanfenju answered without four pillars', {
      hint: 'Their format may have changed: set BAZI_SOURCE=local meanwhile',
      cause: read.error,
    });
  }
  const hourKnown = chart.pillars.hour !== null;
  const whole = hourKnown && chart.birth.gender !== null;
  const data = whole ? read.data : z.record(z.string(), z.unknown()).parse(onlyKnown(read.data, hourKnown));
  return { bazi: read.data.bazi_info.bazi.slice(0, hourKnown ? 4 : 3), data, notice };
}

/** The school "midnight-same" is unknown to the vendor: its hour stem at 23:xx differs by design. */
function differs(chart: Chart, theirs: string[]): boolean {
  return PILLARS.some((name, index) => {
    const ours = chart.pillars[name];
    if (ours === null || ours === theirs[index]) return false;
    const late = name === 'hour' && chart.birth.ziHour === 'midnight-same' && ours.endsWith('子');
    return !(late && theirs[index]?.endsWith('子'));
  });
}

function compare(chart: Chart, vendor: VendorData): Warning[] {
  if (!differs(chart, vendor.bazi)) return chart.warnings;
  return [...chart.warnings, { code: 'vendor_differs', ours: chart.pillars, theirs: vendor.bazi }];
}

/** Yuanfenju's data beside our own chart. @param now adds 流年 to the chart from then on */
export function createYuanfenjuSource(options: YuanfenjuOptions, now?: () => Date): YuanfenjuSource {
  return {
    name: 'yuanfenju',
    async chart(input: BirthInput, signal?: AbortSignal) {
      const chart = computeChart(input, now?.());
      const { data, notice } = await callYuanfenju(options, '/v1/Bazi/paipan', paipanForm(chart), signal);
      const vendor = vendorData(chart, data, notice);
      return { chart, source: 'yuanfenju', vendor, warnings: compare(chart, vendor) };
    },
    async checkAccount(signal?: AbortSignal) {
      const { data } = await callYuanfenju(options, '/v1/Free/querymerchant', {}, signal);
      const account = merchantSchema.safeParse(data ?? {});
      return {
        type: account.data?.merchant_type ?? null,
        expires: account.data?.merchant_expire_time ?? null,
        remainingCalls: account.data?.merchant_remaining_call_times ?? null,
      };
    },
  };
}
