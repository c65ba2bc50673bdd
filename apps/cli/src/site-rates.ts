import { type Db, rows } from '@mingdan/db';
import { type Rates, readSiteSettings } from '@mingdan/orders';

export type RateName = keyof Rates;
export const rateNames = ['usdt_to_cny_rate', 'star_to_cny_rate', 'coin_to_cny_rate'] as const satisfies RateName[];

/** What is asked for in this currency is priced by this rate. */
export const currencyOfRate: Readonly<Record<RateName, string>> = {
  usdt_to_cny_rate: 'USDT',
  star_to_cny_rate: 'XTR',
  coin_to_cny_rate: 'COIN',
};

export interface SiteRate {
  readonly key: RateName;
  /** CNY for one */
  readonly value: number;
  /** null: nobody set it, the default counts */
  readonly setAt: Date | null;
}

export async function readRates(db: Db): Promise<SiteRate[]> {
  const [{ rates }, times] = await Promise.all([readSiteSettings(db), settingTimes(db)]);
  return rateNames.map((key) => ({ key, value: rates[key], setAt: times.get(key) ?? null }));
}

/** When each setting was set. */
export async function settingTimes(db: Db): Promise<ReadonlyMap<string, Date>> {
  const found = await rows<{ key: string; at: Date }>(db, 'select key, updated_at as at from settings');
  return new Map(found.map(({ key, at }) => [key, at]));
}
