import { type Db, rows } from '@mingdan/db';
import { z } from 'zod';

export interface SiteSettings {
  readonly siteName: string;
  /** CNY for one USDT */
  readonly usdtToCnyRate: number;
  readonly maintenance: boolean;
}

/** Until an operator sets one: a little below the market of 2026, so that nobody is charged too little. */
const DEFAULTS: SiteSettings = { siteName: '命单', usdtToCnyRate: 7, maintenance: false };

const stored = z.object({
  site_name: z.string().min(1).catch(DEFAULTS.siteName),
  usdt_to_cny_rate: z.coerce.number().positive().catch(DEFAULTS.usdtToCnyRate),
  maintenance: z
    .union([z.boolean(), z.object({ on: z.boolean() }).transform(({ on }) => on)])
    .catch(DEFAULTS.maintenance),
});

/** What operators set at run time; a value that cannot be understood counts as not set. */
export async function readSiteSettings(db: Db): Promise<SiteSettings> {
  const found = await rows<{ key: string; value: unknown }>(
    db,
    `select key, value from settings where key in ('site_name', 'usdt_to_cny_rate', 'maintenance')`,
  );
  const settings = stored.parse(Object.fromEntries(found.map(({ key, value }) => [key, value])));
  return { siteName: settings.site_name, usdtToCnyRate: settings.usdt_to_cny_rate, maintenance: settings.maintenance };
}
