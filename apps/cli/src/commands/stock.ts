import { text as textOf } from 'node:stream/consumers';
import { type Db, rows } from '@mingdan/db';
import type { Localised } from '@mingdan/kernel';
import { addCodes, setStock } from '@mingdan/orders';
import { type Command, InvalidArgumentError } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';
import { withDatabase, withOperations } from '../deps.ts';
import { operatorName } from '../operator.ts';
import { localised } from '../print.ts';

const OPERATOR = ['--operator <name>', 'who does it, for the record; the login name when left out'] as const;

export function registerStock(program: Command, context: Context): void {
  const stock = group(program, 'stock', 'What can be bought now of the goods that are counted.');
  answering(stock, context, 'show', 'Every product that is counted, and its codes.', () =>
    withDatabase(context, (db) => show(context, db)),
  );
  answering(
    stock,
    context,
    'set <slug> <n>',
    'What can be bought now; "none": as much as anybody wants. Goods with codes are counted by their codes.',
    ([slug = '', n = ''], options) => set(context, slug, countOrNone(n), operatorName(options.operator)),
  ).option(...OPERATOR);
  answering(
    stock,
    context,
    'add-codes <slug>',
    'Put codes in, one a line on standard input. A code that is there already is left out.',
    ([slug = ''], options) => add(context, slug, operatorName(options.operator)),
  ).option(...OPERATOR);
}

function countOrNone(text: string): number | null {
  if (text === 'none') return null;
  if (!/^(0|[1-9]\d{0,8})$/.test(text)) throw new InvalidArgumentError('A whole number, or none.');
  return Number(text);
}

interface Counted {
  slug: string;
  names: Localised;
  stock: number | null;
  alarm: number | null;
  available: number;
  reserved: number;
  sold: number;
}

async function show(context: Context, db: Db): Promise<Answer> {
  const texts = context.texts();
  const counted = await rows<Counted>(
    db,
    `select p.slug, p.names, p.stock, p.stock_alarm as alarm, count(i.id) filter (where i.status = 'available') as available,
            count(i.id) filter (where i.status = 'reserved') as reserved, count(i.id) filter (where i.status = 'sold') as sold
       from products p left join inventory_items i on i.product_id = p.id
      where p.kind = 'goods' or p.stock is not null group by p.id order by p.sort, p.id`,
  );
  return {
    json: counted.map(({ names: _, ...rest }) => rest),
    lines: counted.map((each) => {
      const { stock, available, reserved, sold } = each;
      const left = stock === null ? texts.t('stock.unlimited') : texts.t('stock.left', { stock });
      const codes = available + reserved + sold === 0 ? '' : texts.t('stock.codes', { available, reserved, sold });
      return [each.slug, localised(each.names, texts), left, codes].filter(Boolean).join('  ');
    }),
  };
}

function set(context: Context, slug: string, stock: number | null, actor: string): Promise<Answer> {
  return withDatabase(context, async (db) => {
    await setStock(db, { slug, stock, actor });
    const { t } = context.texts();
    return {
      json: { slug, stock },
      lines: [`${slug}: ${stock === null ? t('stock.unlimited') : t('stock.left', { stock })}`],
    };
  });
}

const LONGEST_CODE = 500;

async function add(context: Context, slug: string, actor: string): Promise<Answer> {
  const codes = (await textOf(context.terminal.input))
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  // Never the code itself in a message.
  const tooLong = codes.findIndex((code) => code.length > LONGEST_CODE);
  if (codes.length === 0) throw new InvalidArgumentError('Write the codes to standard input, one a line.');
  if (tooLong >= 0)
    throw new InvalidArgumentError(`The ${tooLong + 1}. code is longer than ${LONGEST_CODE} characters.`);
  // With the operations, since codes are sealed: the data key has to be there.
  return withOperations(context, async ({ db, vault }) => {
    const { added, stock } = await addCodes(db, vault, { slug, codes, actor });
    const known = codes.length - added;
    return {
      json: { slug, added, already_there: known, stock },
      lines: [context.texts().t('stock.added', { slug, added, known, stock })],
    };
  });
}
