import { randomBytes } from 'node:crypto';
import type { BotContext } from '../context.ts';
import { NotPossible } from '../people.ts';
import { userOf } from '../world.ts';
import type { Entry } from './book.ts';
import { charge } from './pay.ts';

/** The next 30 days of a subscription are paid. @returns the id of that payment */
export function renew(bot: BotContext, { person, move }: Entry): string {
  const next = `stx${randomBytes(24).toString('base64url')}`;
  charge(bot, person, move, next, 'renewal');
  return next;
}

/** Its person ends it, or its payment fails. */
export function changeSubscription(
  bot: BotContext,
  { person, move }: Entry,
  state: 'canceled' | 'active' | 'failed',
): void {
  move.canceled = state === 'canceled';
  bot.updates.push({ subscription: { user: userOf(person), invoice_payload: move.payload, state } });
}

/** What a person does with their own subscription on the chat page: as time does, or as Telegram's settings let them. */
export function playSubscription(
  bot: BotContext,
  personId: number,
  wish: { chargeId: string; what: 'renew' | 'cancel' },
): void {
  const entry = bot.world.stars.find(wish.chargeId, 'payment');
  if (!entry || entry.person.id !== personId || entry.move.period === null)
    throw new NotPossible('there is no such subscription');
  const { person, move } = entry;
  if (wish.what === 'cancel') changeSubscription(bot, entry, 'canceled');
  else if (move.canceled) throw new NotPossible('this subscription has ended');
  else if (person.stars < move.stars) changeSubscription(bot, entry, 'failed');
  else renew(bot, entry);
}
