import { type CoinEntry, coinBalance, coinEntries, grantCoins } from '@mingdan/orders';
import { type Command, InvalidArgumentError } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import { countArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { operatorName } from '../operator.ts';
import { timeText, word } from '../print.ts';
import { textOption, typedUser } from '../user.ts';

export function registerCoins(program: Command, context: Context): void {
  const coins = group(program, 'coins', 'The coins of a user. <user> is their Telegram id.');
  answering(
    coins,
    context,
    'show <user>',
    'The balance and the latest entries, newest first.',
    ([user = ''], options) => show(context, user, countArgument(String(options.limit))),
  ).option('--limit <n>', 'at most so many entries', '20');
  answering(coins, context, 'grant <user> <amount>', 'Give a user coins.', ([user = '', amount = ''], options) =>
    grant(context, user, wholeCoins(amount), {
      reason: textOption(options.reason, '--reason'),
      actor: operatorName(options.operator),
      ...(options.key === undefined ? {} : { key: textOption(options.key, '--key') }),
    }),
  )
    .requiredOption('--reason <text>', 'why, for the record')
    .option('--key <text>', 'the same key again grants nothing more: for scripts that may repeat themselves')
    .option('--operator <name>', 'who gives them, for the record; the login name when left out');
}

function wholeCoins(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new InvalidArgumentError('A whole number of coins, more than none.');
  return Number(text);
}

function show(context: Context, user: string, limit: number): Promise<Answer> {
  return withDatabase(context, async (db) => {
    const { id, telegramId } = await typedUser(db, user);
    const [balance, entries] = [await coinBalance(db, id), await coinEntries(db, id, limit)];
    return {
      json: { user_id: telegramId, balance, entries: entries.map(toJson) },
      lines: [
        context.texts().t('coins.balance', { user: telegramId, balance }),
        ...entries.map((entry) => line(context, entry)),
      ],
    };
  });
}

function toJson({ id, amount, balance, cause, orderNo, reason, actor, createdAt }: CoinEntry): object {
  return { id, amount, balance, cause, order_no: orderNo, reason, actor, created_at: createdAt };
}

function line(context: Context, { amount, balance, cause, orderNo, reason, actor, createdAt }: CoinEntry): string {
  const sign = amount > 0 ? '+' : '';
  // a grant's reason is an operator's own words, any other one a code
  const why = cause.startsWith('grant:') ? reason : word(context.texts(), 'coin_reason', reason);
  return `${timeText(createdAt)}  ${sign}${amount}  = ${balance}  ${[why, orderNo, actor].filter(Boolean).join('  ')}`;
}

function grant(
  context: Context,
  user: string,
  amount: number,
  how: { reason: string; actor: string; key?: string },
): Promise<Answer> {
  return withDatabase(context, async (db) => {
    const { id, telegramId } = await typedUser(db, user);
    const { granted, balance } = await grantCoins(db, { userId: id, amount, ...how });
    const outcome = granted ? 'granted' : 'already_granted';
    return {
      json: { user_id: telegramId, amount, balance, outcome },
      lines: [context.texts().t(`coins.${outcome}`, { user: telegramId, amount, balance })],
    };
  });
}
