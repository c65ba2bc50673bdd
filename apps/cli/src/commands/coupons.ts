import { changed, type Db, rows } from '@mingdan/db';
import { formatAmount, MingdanError, parseAmount } from '@mingdan/kernel';
import { couponPattern } from '@mingdan/orders';
import { type Command, InvalidArgumentError } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import { countArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { timeText } from '../print.ts';

interface Coupon {
  readonly code: string;
  readonly percent: number | null;
  readonly amountMinor: number | null;
  readonly products: readonly string[] | null;
  readonly uses: number;
  readonly mostUses: number | null;
  readonly mostUsesEach: number;
  readonly validUntil: Date | null;
  readonly active: boolean;
}

export function registerCoupons(program: Command, context: Context): void {
  const coupons = group(program, 'coupons', 'What takes something off a price.');
  answering(coupons, context, 'list', 'All coupons with their uses, newest first.', () =>
    withDatabase(context, (db) => list(context, db)),
  );
  answering(
    coupons,
    context,
    'add <code> <off>',
    'Add a coupon: 10% or an amount in CNY such as 5.00.',
    ([code = '', off = ''], options) =>
      withDatabase(context, (db) =>
        add(context, db, code, off, {
          products:
            typeof options.products === 'string' ? options.products.split(',').map((slug) => slug.trim()) : null,
          uses: options.uses === undefined ? null : countArgument(String(options.uses)),
          each: countArgument(String(options.each)),
          until: options.until === undefined ? null : dateOf(String(options.until)),
        }),
      ),
  )
    .option('--products <slugs>', 'for these products only, comma separated')
    .option('--uses <n>', 'so many times in all')
    .option('--each <n>', 'so many times for each buyer', '1')
    .option('--until <date>', 'the last day, such as 2026-12-31 (Beijing time)');
  answering(coupons, context, 'off <code>', 'End a coupon now; orders that have it keep it.', ([code = '']) =>
    withDatabase(context, async (db) => {
      const ended = await changed(db, 'update coupons set active = false where code = upper(:code) and active', {
        code,
      });
      if (ended === 0)
        throw new MingdanError('no_such_coupon', `there is no running coupon ${code.slice(0, 40)}`, {
          hint: 'See: mingdan coupons list',
        });
      return {
        json: { code: code.toUpperCase(), active: false },
        lines: [context.texts().t('coupons.ended', { code: code.toUpperCase() })],
      };
    }),
  );
}

function dateOf(text: string): Date {
  const end = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T23:59:59+08:00`) : undefined;
  if (!end || Number.isNaN(end.getTime())) throw new InvalidArgumentError('A day such as 2026-12-31.');
  return end;
}

async function add(
  context: Context,
  db: Db,
  code: string,
  off: string,
  limits: { products: string[] | null; uses: number | null; each: number; until: Date | null },
): Promise<Answer> {
  if (!couponPattern.test(code))
    throw new MingdanError('bad_code', `"${code.slice(0, 40)}" cannot be a coupon`, {
      hint: 'Use 3 to 32 letters, digits and hyphens',
    });
  const [, percent] = /^([1-9]\d?|100)%$/.exec(off) ?? [];
  const amount = percent === undefined ? parseAmount(off, 'CNY') : null;
  if (amount?.minor === 0) throw new InvalidArgumentError('More than nothing.');
  const added = await changed(
    db,
    `insert into coupons (code, percent, amount_minor, product_slugs, most_uses, most_uses_each, valid_until)
     values (upper(:code), :percent::integer, :minor::bigint, :products::text[], :uses::integer, :each::integer, :until::timestamptz) on conflict (code) do nothing`,
    { code, percent: percent === undefined ? null : Number(percent), minor: amount?.minor ?? null, ...limits },
  );
  if (added === 0)
    throw new MingdanError('coupon_exists', `${code.toUpperCase()} is there already`, { hint: 'Choose another code' });
  return {
    json: { code: code.toUpperCase(), off },
    lines: [context.texts().t('coupons.added', { code: code.toUpperCase(), off })],
  };
}

async function list(context: Context, db: Db): Promise<Answer> {
  const found = await rows<Coupon>(
    db,
    `select code, percent, amount_minor as "amountMinor", product_slugs as products, uses, most_uses as "mostUses", most_uses_each as "mostUsesEach",
            valid_until as "validUntil", active from coupons order by id desc`,
  );
  const { t } = context.texts();
  if (found.length === 0) return { json: [], lines: [t('coupons.none')] };
  return {
    json: found.map(({ amountMinor, mostUses, mostUsesEach, validUntil, ...rest }) => ({
      ...rest,
      amount: amountMinor === null ? null : formatAmount({ minor: amountMinor, currency: 'CNY' }),
      most_uses: mostUses,
      most_uses_each: mostUsesEach,
      valid_until: validUntil,
    })),
    lines: found.map((coupon) => line(context, coupon)),
  };
}

function line(
  context: Context,
  { code, percent, amountMinor, products, uses, mostUses, validUntil, active }: Coupon,
): string {
  const off = percent === null ? `${formatAmount({ minor: amountMinor ?? 0, currency: 'CNY' })} CNY` : `${percent}%`;
  const until = validUntil === null ? '' : timeText(validUntil);
  const state = active ? '' : context.texts().t('coupons.over');
  return [code, off, `${uses}/${mostUses ?? '∞'}`, products?.join(',') ?? '', until, state]
    .filter((part) => part !== '')
    .join('  ');
}
