import { dayText } from '@mingdan/fulfilment';
import { moneyText } from '@mingdan/kernel';
import { endRenewal } from '@mingdan/operations';
import { listProducts, membershipOf, runningSubscription, type Subscription } from '@mingdan/orders';
import type { Talk } from '../talk.ts';
import { pricesFor } from './prices.ts';
import { menuButton } from './start.ts';

/** `/member`: until when, whether it pays itself again, what it gives, and what there is to buy. */
export async function showMembership(talk: Talk): Promise<void> {
  const { db } = talk.services;
  const [{ active, expiresAt }, products, subscription, price] = await Promise.all([
    membershipOf(db, talk.user.id),
    listProducts(db),
    runningSubscription(db, talk.user.id),
    pricesFor(talk),
  ]);
  const plans = products.filter(({ kind }) => kind === 'membership');
  const until = expiresAt === null ? '' : dayText(expiresAt);
  const state = active ? 'active' : expiresAt === null ? 'none' : 'ended';
  const lines = [talk.t(`member.${state}`, { until }), subscription ? renewalText(talk, subscription) : ''];
  await talk.say(`${lines.filter((line) => line !== '').join('\n')}\n\n${talk.t('member.features')}`, [
    ...(subscription ? [[talk.button('end_renewal', 'endrenewal')]] : []),
    ...plans.map((product) => [menuButton(talk, product, price(product))]),
  ]);
}

function renewalText(talk: Talk, { state, renewsAt, amount }: Subscription): string {
  if (state === 'failed') return talk.t('member.renew_failed');
  return talk.t('member.renews', { day: dayText(renewsAt), amount: moneyText(amount) });
}

/** `endrenewal` */
export async function endRenewalPressed(talk: Talk): Promise<void> {
  const { operationDeps } = talk.services;
  const until = await endRenewal(operationDeps, talk.user.id);
  await talk.dropButtons();
  await talk.say(
    until === undefined ? talk.t('member.not_running') : talk.t('member.renewal_ended', { day: dayText(until) }),
  );
}
