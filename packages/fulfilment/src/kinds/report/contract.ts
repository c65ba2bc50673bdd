import type { BaziSource } from '@mingdan/bazi';
import type { Order } from '@mingdan/orders';
import { type Language, languages, type Model } from '@mingdan/report';
import { z } from 'zod';
import type { FulfilmentDeps } from '../../contract.ts';

export interface ReportDeps extends FulfilmentDeps {
  readonly model: Model;
  /** retries of one section after its first call */
  readonly modelRetries: number;
  /** salt of the names under which the model's vendor sees our users */
  readonly userIdSecret: string;
  readonly sources: { readonly local: BaziSource; readonly yuanfenju: BaziSource | null };
  /** use the local engine where Yuanfenju does not answer (BAZI_FALLBACK) */
  readonly fallbackToLocal: boolean;
  /** the signed address where the buyer reads the report on any screen */
  readonly orderLink: (orderNo: string) => string;
}

/** What a buyer of a report typed; the birth itself is read by the bazi package. */
export const reportInputSchema = z.looseObject({
  name: z.string().nullish(),
  question: z.string().nullish(),
});

export const languageOf = (order: Pick<Order, 'language'>): Language =>
  z.enum(languages).catch('zh-CN').parse(order.language);
