import { changed, type Db, rows } from '@mingdan/db';
import { isCurrency, MingdanError, type Money } from '@mingdan/kernel';
import type { Command } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { moneyText } from '../print.ts';

interface Promoter {
  code: string;
  name: string | null;
  buyers: number;
  earned: { currency: string; orders: number; minor: number }[];
}

export function registerPromoters(program: Command, context: Context): void {
  const promoters = group(program, 'promoters', 'Who brings buyers, and how many.');
  answering(promoters, context, 'list', 'All promoters with their completed orders.', async () =>
    withDatabase(context, async (db) => list(context, await readPromoters(db))),
  );
  answering(
    promoters,
    context,
    'add <code>',
    'Add a promoter; the link is t.me/<bot>?start=ref_<code>.',
    ([code = ''], options) =>
      withDatabase(context, (db) => add(context, db, code, typeof options.name === 'string' ? options.name : null)),
  ).option('--name <name>', 'whom the code belongs to');
}

async function readPromoters(db: Db): Promise<Promoter[]> {
  return rows<Promoter>(
    db,
    `select p.code, p.name, (select count(*) from users where promoter_id = p.id) as buyers,
            coalesce((select jsonb_agg(jsonb_build_object('currency', s.currency, 'orders', s.orders, 'minor', s.amount_minor) order by s.currency)
                        from promoter_statistics s where s.promoter_id = p.id), '[]') as earned
       from promoters p order by p.id`,
  );
}

function list(context: Context, promoters: readonly Promoter[]): Answer {
  const { t } = context.texts();
  if (promoters.length === 0) return { json: [], lines: [t('promoters.none')] };
  const lines = promoters.flatMap(({ code, name, buyers, earned }) => [
    [code, name].filter((part) => part !== null).join('  '),
    `  ${t('promoters.buyers', { count: buyers })}`,
    ...earned.map((one) => `  ${t('promoters.earned', { orders: one.orders, amount: amountText(one) })}`),
  ]);
  return { json: promoters.map(({ earned, ...rest }) => ({ ...rest, earned: earned.map(toJson) })), lines };
}

function toJson(one: Promoter['earned'][number]): object {
  return { currency: one.currency, orders: one.orders, amount: amountText(one).split(' ')[0] };
}

function amountText({ minor, currency }: { minor: number; currency: string }): string {
  if (!isCurrency(currency)) return `${minor} ${currency}`;
  const money: Money = { minor, currency };
  return moneyText(money);
}

async function add(context: Context, db: Db, code: string, name: string | null): Promise<Answer> {
  if (!/^[A-Za-z0-9-]{1,32}$/.test(code)) {
    throw new MingdanError('bad_code', `"${code.slice(0, 40)}" cannot be a promoter's code`, {
      hint: 'Use 1 to 32 letters, digits and hyphens, such as spring-sale',
    });
  }
  const added = await changed(
    db,
    'insert into promoters (code, name) values (:code, :name) on conflict (code) do nothing',
    { code, name },
  );
  // The first use of a link makes its code; a name may be given to it afterwards.
  if (added === 0 && name !== null)
    await changed(db, 'update promoters set name = :name where code = :code', { code, name });
  const { t } = context.texts();
  const key = added === 1 ? 'added' : name === null ? 'known' : 'named';
  return {
    json: { code, name, outcome: key },
    lines: [t(`promoters.${key}`, { code }), t('promoters.link', { code })],
  };
}
