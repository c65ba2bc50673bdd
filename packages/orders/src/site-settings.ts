import { changed, type Db, row, rows } from '@mingdan/db';
import type { Localised } from '@mingdan/kernel';
import { z } from 'zod';

/** What operators set at run time; each is one row of `settings`, which also knows when it was set. */
export interface SiteSettings {
  readonly siteName: string;
  readonly rates: Rates;
  readonly maintenance: boolean;
}

/** CNY for one of each. */
export interface Rates {
  readonly usdt_to_cny_rate: number;
  readonly star_to_cny_rate: number;
  readonly coin_to_cny_rate: number;
}

/** Until an operator sets them: a little below the market of 2026, so that nobody is charged too little. */
export const defaultRates: Rates = { usdt_to_cny_rate: 7, star_to_cny_rate: 0.14, coin_to_cny_rate: 0.1 };
const DEFAULT_NAME = '命单';

/** SQL of the rates as they are now, with `:defaultRates` where none is set: an order keeps them. */
export const RATES_NOW = `:defaultRates::jsonb || coalesce((select jsonb_object_agg(key, value) from settings where right(key, 12) = '_to_cny_rate'), '{}')`;

const rate = z.coerce.number().positive();
const storedRates = z.object({
  usdt_to_cny_rate: rate.catch(defaultRates.usdt_to_cny_rate),
  star_to_cny_rate: rate.catch(defaultRates.star_to_cny_rate),
  coin_to_cny_rate: rate.catch(defaultRates.coin_to_cny_rate),
});
/** One text for everybody, or one for each language. */
const localisedText = z.union([
  z.object({ 'zh-CN': z.string(), 'zh-TW': z.string(), en: z.string() }),
  z.string().transform((text): Localised => ({ 'zh-CN': text, 'zh-TW': text, en: text })),
]);
const maintenance = z.union([
  z.boolean().transform((on) => ({ on, message: null })),
  z.object({
    on: z.boolean(),
    message: localisedText
      .nullish()
      .catch(null)
      .transform((text) => text ?? null),
  }),
]);

/** A value that cannot be understood counts as not set. */
export async function readSiteSettings(db: Db): Promise<SiteSettings> {
  const found = await rows<{ key: string; value: unknown }>(
    db,
    `select key, value from settings where key in ('site_name', 'maintenance') or right(key, 12) = '_to_cny_rate'`,
  );
  const values = Object.fromEntries(found.map(({ key, value }) => [key, value]));
  return {
    siteName: z.string().min(1).catch(DEFAULT_NAME).parse(values['site_name']),
    rates: storedRates.parse(values),
    maintenance: readableMaintenance(values['maintenance']).on,
  };
}

/** Where buyers reach people: an address, a link, or a name at Telegram. Undefined where nobody set one. */
export async function readSupportContact(db: Db): Promise<string | undefined> {
  const found = await row<{ value: unknown }>(db, `select value from settings where key = 'support_contact'`);
  return z.string().min(1).optional().catch(undefined).parse(found?.value);
}

/** The rates that an order was priced at; an order from before they were kept has those of today's defaults. */
export function ratesOf(order: { readonly rates: unknown }): Rates {
  return storedRates.parse(order.rates);
}

export interface Maintenance {
  readonly on: boolean;
  /** what buyers are told instead of our own words */
  readonly message: Localised | null;
}

export async function readMaintenance(db: Db): Promise<Maintenance> {
  const found = await row<{ value: unknown }>(db, `select value from settings where key = 'maintenance'`);
  return readableMaintenance(found?.value);
}

function readableMaintenance(value: unknown): Maintenance {
  return maintenance.catch({ on: false, message: null }).parse(value ?? false);
}

/** @param key a name such as `usdt_to_cny_rate`; the caller has checked the value */
export async function writeSetting(db: Db, key: string, value: unknown): Promise<void> {
  await changed(
    db,
    `insert into settings (key, value) values (:key, :value::jsonb) on conflict (key) do update set value = excluded.value, updated_at = now()`,
    { key, value: JSON.stringify(value) },
  );
}
