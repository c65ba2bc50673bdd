import { changed, type Db, rows } from '@mingdan/db';
import { type Currency, formatAmount, MingdanError, moneyText } from '@mingdan/kernel';
import { decideWithdrawal, openDestination, type Withdrawal, withdrawals } from '@mingdan/orders';
import type { Command } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import { idArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withDatabase, withOperations } from '../deps.ts';
import { operatorName } from '../operator.ts';

interface Promoter {
  code: string;
  name: string | null;
  buyers: number;
  earned: { currency: Currency; orders: number; minor: number }[];
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
  answering(
    promoters,
    context,
    'rate <code> <percent>',
    'What a promoter earns of each order, in percent.',
    ([code = '', percent = '']) => withDatabase(context, (db) => setRate(context, db, code, percent)),
  );
  answering(promoters, context, 'withdrawals', 'Who waits for their commission, and where it should go.', () =>
    withOperations(context, async ({ db, vault }) =>
      listWithdrawals(
        context,
        (await withdrawals(db, 'requested')).map((one) => ({ ...one, where: openDestination(vault, one) })),
      ),
    ),
  );
  answering(
    promoters,
    context,
    'pay <id>',
    'Record that a withdrawal was paid by hand, or refuse it.',
    ([id = ''], options) =>
      withDatabase(context, async (db) => {
        const status = options.reject === true ? 'rejected' : 'paid';
        const done = await decideWithdrawal(db, {
          id: idArgument(id),
          status,
          by: operatorName(options.operator),
          note: typeof options.note === 'string' ? options.note : '',
        });
        if (!done) context.exitCode = 1;
        const outcome = done ? status : 'not_open';
        return {
          json: { id: idArgument(id), outcome },
          lines: [context.texts().t(`promoters.withdrawal_${outcome}`, { id })],
        };
      }),
  )
    .option('--reject', 'it is not paid; the commission can be asked for again')
    .option('--note <text>', 'for the record')
    .option('--operator <name>', 'who decides, for the record; the login name when left out');
}

type ShownWithdrawal = Withdrawal & { readonly where: string };

function listWithdrawals(context: Context, open: readonly ShownWithdrawal[]): Answer {
  const { t } = context.texts();
  if (open.length === 0) return { json: [], lines: [t('promoters.no_withdrawals')] };
  return {
    json: open.map(({ id, code, amount, where, createdAt, telegramId }) => ({
      id,
      code,
      amount: formatAmount(amount),
      currency: amount.currency,
      destination: where,
      telegram_id: telegramId,
      created_at: createdAt,
    })),
    lines: open.map(({ id, code, amount, where }) => `${id}  ${code}  ${moneyText(amount)}  ${where}`),
  };
}

async function setRate(context: Context, db: Db, code: string, percent: string): Promise<Answer> {
  if (!/^\d{1,2}(\.\d{1,2})?$|^100$/.test(percent))
    throw new MingdanError('bad_percent', `"${percent.slice(0, 20)}" is no percentage`, {
      hint: 'Write 0 to 100, such as 12.5',
    });
  const set = await changed(db, 'update promoters set rate_percent = :percent::numeric where code = :code', {
    code,
    percent,
  });
  if (set === 0)
    throw new MingdanError('no_such_promoter', `there is no promoter ${code.slice(0, 40)}`, {
      hint: 'See: mingdan promoters list',
    });
  return {
    json: { code, percent: Number(percent) },
    lines: [context.texts().t('promoters.rate_set', { code, percent })],
  };
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
    ...earned.map((one) => `  ${t('promoters.earned', { orders: one.orders, amount: moneyText(one) })}`),
  ]);
  return { json: promoters.map(({ earned, ...rest }) => ({ ...rest, earned: earned.map(toJson) })), lines };
}

function toJson(one: Promoter['earned'][number]): object {
  return { currency: one.currency, orders: one.orders, amount: formatAmount(one) };
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
