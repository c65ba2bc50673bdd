import { dayText } from '@mingdan/fulfilment';
import { listProducts, membershipOf } from '@mingdan/orders';
import type { Talk } from '../talk.ts';
import { pricesFor } from './prices.ts';
import { menuButton } from './start.ts';

/** `/member`: until when, what it gives, and what there is to buy. */
export async function showMembership(talk: Talk): Promise<void> {
  const { db } = talk.services;
  const { active, expiresAt } = await membershipOf(db, talk.user.id);
  const plans = (await listProducts(db)).filter(({ kind }) => kind === 'membership');
  const price = await pricesFor(talk);
  const until = expiresAt === null ? '' : dayText(expiresAt);
  const state = active ? 'active' : expiresAt === null ? 'none' : 'ended';
  await talk.say(
    `${talk.t(`member.${state}`, { until })}\n\n${talk.t('member.features')}`,
    plans.map((product) => [menuButton(talk, product, price(product))]),
  );
}
