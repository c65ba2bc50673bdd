import { type CoinEntry, coinBalance, coinEntries, listProducts } from '@mingdan/orders';
import type { Talk } from '../talk.ts';
import { timeText } from './order-text.ts';
import { pricesFor } from './prices.ts';
import { menuButton } from './start.ts';

const LISTED = 8;

/** `/coins`: the balance, what moved it last, and what there is to buy. */
export async function showCoins(talk: Talk): Promise<void> {
  const { db } = talk.services;
  const balance = await coinBalance(db, talk.user.id);
  const entries = await coinEntries(db, talk.user.id, LISTED);
  const packages = (await listProducts(db)).filter(({ kind }) => kind === 'coins');
  const price = await pricesFor(talk);
  const lines = entries.map((entry) => entryLine(talk, entry));
  const text = [talk.t('coins.balance', { balance }), lines.join('\n'), talk.t('coins.what_for')];
  await talk.say(
    text.filter((block) => block !== '').join('\n\n'),
    packages.map((product) => [menuButton(talk, product, price(product))]),
  );
}

function entryLine(talk: Talk, { amount, balance, reason, cause, orderNo, createdAt }: CoinEntry): string {
  const key = `coins.reasons.${cause.startsWith('grant:') ? 'grant' : reason}`;
  const why = talk.services.texts.has(talk.language, key) ? talk.t(key) : talk.t('coins.reasons.other');
  const change = `${amount > 0 ? '+' : ''}${amount}`;
  return talk.t('coins.entry', { time: timeText(createdAt), change, why, orderNo: orderNo ?? '', balance }).trimEnd();
}
