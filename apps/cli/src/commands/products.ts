import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { changed, type Db, rows } from '@mingdan/db';
import {
  formatAmount,
  isCurrency,
  type Localised,
  MingdanError,
  type Money,
  moneyText,
  parseAmount,
} from '@mingdan/kernel';
import { slugPattern } from '@mingdan/orders';
import { reportProducts } from '@mingdan/report';
import type { Command } from 'commander';
import { z } from 'zod';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { localised } from '../print.ts';

export function registerProducts(program: Command, context: Context): void {
  const products = group(program, 'products', 'The catalogue. Orders keep the price that they were made at.');
  answering(products, context, 'list', 'What is sold, and what is not any more.', () =>
    withDatabase(context, async (db) => list(context, await readProducts(db))),
  );
  answering(products, context, 'export', 'Print the catalogue as JSON, as import takes it.', () =>
    withDatabase(context, async (db) => {
      const all = (await readProducts(db)).map(toJson);
      return { json: all, lines: [JSON.stringify(all, null, 2)] };
    }),
  );
  answering(
    products,
    context,
    'import <file>',
    'Add or change products from JSON ("-": standard input), all of them or none. What the file does not name stays as it is.',
    ([file = ''], options) =>
      withDatabase(context, async (db) =>
        take(context, db, parse(await contentOf(context, file)), options.dryRun === true),
      ),
  ).option('--dry-run', 'only say what would change');
}

/** A product as it is written in files. Stock is not among it: an older file would sell codes that are gone. */
interface ProductRow {
  slug: string;
  kind: string;
  names: Localised;
  descriptions: Localised;
  priceMinor: number;
  currency: string;
  priceStars: number | null;
  memberPriceMinor: number | null;
  coins: number | null;
  bonusCoins: number;
  months: number | null;
  handedOutBy: string | null;
  stockAlarm: number | null;
  input: string;
  active: boolean;
  sort: number;
}

const COLUMNS = `slug, kind, names, descriptions, price_minor as "priceMinor", currency, price_stars as "priceStars",
  member_price_minor as "memberPriceMinor", coins, bonus_coins as "bonusCoins", months, handed_out_by as "handedOutBy", stock_alarm as "stockAlarm",
  input, active, sort`;

function readProducts(db: Db): Promise<(ProductRow & { stock: number | null })[]> {
  return rows(db, `select ${COLUMNS}, stock from products order by sort, id`);
}

function toJson(product: ProductRow): object {
  const { slug, kind, names, descriptions, currency, priceStars, input, active, sort } = product;
  const { coins, bonusCoins, months, handedOutBy, stockAlarm } = product;
  const price = priceOf(product);
  const memberPrice = memberPriceOf(product);
  return {
    slug,
    kind,
    names,
    descriptions,
    price: price === null ? String(product.priceMinor) : formatAmount(price),
    currency,
    price_stars: priceStars,
    member_price: memberPrice === null ? null : formatAmount(memberPrice),
    coins,
    bonus_coins: bonusCoins,
    months,
    handed_out_by: handedOutBy,
    stock_alarm: stockAlarm,
    input,
    active,
    sort,
  };
}

function priceOf({ priceMinor: minor, currency }: ProductRow): Money | null {
  return isCurrency(currency) ? { minor, currency } : null;
}

function memberPriceOf({ memberPriceMinor: minor, currency }: ProductRow): Money | null {
  return minor !== null && isCurrency(currency) ? { minor, currency } : null;
}

function list(context: Context, products: Awaited<ReturnType<typeof readProducts>>): Answer {
  const texts = context.texts();
  const lines = products.flatMap((product) => {
    const price = priceOf(product);
    const memberPrice = memberPriceOf(product);
    const facts = [
      texts.t(`kind.${product.kind}`),
      price === null ? null : moneyText(price),
      product.priceStars === null ? null : `${product.priceStars} XTR`,
      memberPrice === null ? null : texts.t('products.member_price', { price: moneyText(memberPrice) }),
      product.coins === null ? null : texts.t('products.coins', { coins: product.coins + product.bonusCoins }),
      product.months === null ? null : texts.t('products.months', { months: product.months }),
      product.handedOutBy === null ? null : texts.t(`products.${product.handedOutBy}`),
      product.stock === null ? null : texts.t('products.stock', { stock: product.stock }),
      product.active ? null : texts.t('products.inactive'),
    ];
    return [
      `${product.slug}  ${localised(product.names, texts)}`,
      `  ${facts.filter((fact) => fact !== null).join('  ')}`,
    ];
  });
  return { json: products.map((product) => ({ ...toJson(product), stock: product.stock })), lines };
}

async function contentOf(context: Context, file: string): Promise<string> {
  try {
    return file === '-' ? await textOf(context.terminal.input) : await readFile(file, 'utf8');
  } catch (cause) {
    throw new MingdanError('no_such_file', `${file} cannot be read`, {
      hint: 'Name a file, or - for standard input',
      cause,
    });
  }
}

const inLanguages = z.strictObject({
  'zh-CN': z.string().trim().min(1).max(500),
  'zh-TW': z.string().trim().min(1).max(500),
  en: z.string().trim().min(1).max(500),
});
const product = z.strictObject({
  slug: z.string().regex(slugPattern),
  kind: z.enum(['report', 'membership', 'coins', 'goods']),
  names: inLanguages,
  descriptions: inLanguages,
  price: z.string(),
  currency: z.literal('CNY').default('CNY'),
  price_stars: z.int().min(1).max(10_000).nullable().default(null),
  member_price: z.string().nullable().default(null),
  coins: z.int().min(1).max(1_000_000).nullable().default(null),
  bonus_coins: z.int().min(0).max(1_000_000).default(0),
  months: z.int().min(1).max(120).nullable().default(null),
  handed_out_by: z.enum(['codes', 'hand']).nullable().default(null),
  stock_alarm: z.int().min(0).max(1_000_000).nullable().default(null),
  input: z.enum(['birth', 'none']).default('none'),
  active: z.boolean().default(true),
  sort: z.int().min(0).max(1_000_000).default(0),
});
const catalogue = z.array(product).min(1).max(1_000);

/** @throws MingdanError `bad_products` naming the first thing that is wrong and where it is */
function parse(content: string): ProductRow[] {
  const refuse = (what: string): never => {
    throw new MingdanError('bad_products', what, { hint: 'mingdan products export shows how a catalogue is written' });
  };
  const read = catalogue.safeParse(jsonOf(content) ?? refuse('the file is no JSON'));
  if (!read.success) {
    const [issue] = read.error.issues;
    return refuse(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const twice = read.data.find(({ slug }, at) => read.data.findIndex((other) => other.slug === slug) !== at);
  if (twice) return refuse(`${twice.slug} is there twice`);
  return read.data.map(toRow);
}

type ProductJson = z.infer<typeof product>;

/** What a kind cannot be delivered without. */
function lacking({ kind, coins, months, handedOutBy }: ProductRow): string | undefined {
  if (kind === 'coins' && coins === null) return 'coins';
  if (kind === 'membership' && months === null) return 'months';
  return kind === 'goods' && handedOutBy === null ? 'handed_out_by' : undefined;
}

function toRow(json: ProductJson): ProductRow {
  const { price, price_stars: priceStars, member_price: memberPrice, bonus_coins: bonusCoins, ...more } = json;
  const { handed_out_by: handedOutBy, stock_alarm: stockAlarm, ...rest } = more;
  return {
    ...rest,
    priceStars,
    bonusCoins,
    handedOutBy,
    stockAlarm,
    priceMinor: parseAmount(price, json.currency).minor,
    memberPriceMinor: memberPrice === null ? null : parseAmount(memberPrice, json.currency).minor,
  };
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}

/** Thrown to take back what a rehearsal wrote. */
class Rehearsed extends Error {}

async function take(context: Context, db: Db, products: readonly ProductRow[], rehearsal: boolean): Promise<Answer> {
  const done: { slug: string; outcome: 'added' | 'changed' | 'unchanged' }[] = [];
  await db
    .transaction(async (tx) => {
      const before = new Map((await readProducts(tx)).map((each) => [each.slug, each]));
      for (const each of products)
        done.push({ slug: each.slug, outcome: await write(tx, each, before.get(each.slug)) });
      if (rehearsal) throw new Rehearsed();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Rehearsed)) throw error;
    });
  const { t } = context.texts();
  return {
    json: { dry_run: rehearsal, products: done },
    lines: [
      ...done.map(({ slug, outcome }) => `${slug}: ${t(`products.${outcome}`)}`),
      ...(rehearsal ? [t('products.rehearsed')] : []),
    ],
  };
}

async function write(
  tx: Db,
  now: ProductRow,
  before: ProductRow | undefined,
): Promise<'added' | 'changed' | 'unchanged'> {
  if (before && before.kind !== now.kind) {
    throw new MingdanError('kind_is_fixed', `${now.slug} is of the kind ${before.kind}, and stays so`, {
      hint: 'Make another product, and set "active": false on this one',
    });
  }
  if (before && before.handedOutBy !== now.handedOutBy) {
    throw new MingdanError(
      'kind_is_fixed',
      `${now.slug} is handed out by ${before.handedOutBy ?? 'nobody'}, and stays so`,
      {
        hint: 'Its orders are under way: make another product, and set "active": false on this one',
      },
    );
  }
  const lacks = lacking(now);
  if (lacks)
    throw new MingdanError('bad_products', `${now.slug}: a product of the kind ${now.kind} needs ${lacks}`, {
      hint: 'mingdan products export shows how a catalogue is written',
    });
  // Its orders would be paid, fail and be refunded, one by one.
  if (now.kind === 'report' && now.active && !reportProducts().includes(now.slug)) {
    throw new MingdanError('no_templates', `there are no report templates for ${now.slug}`, {
      hint: 'Add them first (docs/add-a-report.md)',
    });
  }
  if (before && isDeepStrictEqual(toJson(before), toJson(now))) return 'unchanged';
  await changed(
    tx,
    `insert into products (slug, kind, names, descriptions, price_minor, currency, price_stars, input, active, sort,
                           member_price_minor, coins, bonus_coins, months, handed_out_by, stock, stock_alarm)
     values (:slug, :kind, :names::jsonb, :descriptions::jsonb, :priceMinor, :currency, :priceStars, :input, :active, :sort,
             :memberPriceMinor::bigint, :coins::integer, :bonusCoins, :months::integer, :handedOutBy::text,
             -- codes are counted: there is none yet
             case when :handedOutBy::text = 'codes' then 0 end, :stockAlarm::integer)
     on conflict (slug) do update
       set names = excluded.names, descriptions = excluded.descriptions, price_minor = excluded.price_minor, currency = excluded.currency,
           price_stars = excluded.price_stars, input = excluded.input, active = excluded.active, sort = excluded.sort,
           member_price_minor = excluded.member_price_minor, coins = excluded.coins, bonus_coins = excluded.bonus_coins, months = excluded.months,
           handed_out_by = excluded.handed_out_by, stock_alarm = excluded.stock_alarm`,
    { ...now, names: JSON.stringify(now.names), descriptions: JSON.stringify(now.descriptions) },
  );
  return before ? 'changed' : 'added';
}
