import { botStart } from '@mingdan/fulfilment';
import { MingdanError, moneyText } from '@mingdan/kernel';
import { askForWithdrawal } from '@mingdan/operations';
import { earningsOf, type PromoterEarnings, promoterOf } from '@mingdan/orders';
import type { Talk } from '../talk.ts';

/** `/promote`: the person's own link, what it brought, and a button where there is something to withdraw. */
export async function promote(talk: Talk): Promise<void> {
  const { db, bot: findBot } = talk.services;
  const promoter = await promoterOf(db, talk.user.id);
  const [earned, bot] = await Promise.all([earningsOf(db, promoter.id), findBot()]);
  const link = botStart(bot.address, `ref_${promoter.code}`);
  const lines = earned.map((one) => talk.t('promote.earned', amounts(one)));
  const text = [talk.t('promote.link', { link, percent: promoter.ratePercent }), ...lines].join('\n\n');
  const payable = earned.filter(({ availableMinor }) => availableMinor > 0);
  await talk.say(
    text,
    payable.map((one) => [
      {
        text: talk.t('promote.withdraw', { amount: amounts(one).available }),
        callbackData: `withdraw:${one.currency}`,
      },
    ]),
  );
}

/** `withdraw:<currency>`: where should it go? */
export async function askDestination(talk: Talk, currency: string): Promise<void> {
  talk.session.waiting = { for: 'withdrawal', currency };
  await talk.say(talk.t('promote.ask_destination'));
}

/** The words after that button: all that is there is asked for, and the operators hear of it. */
export async function withdraw(talk: Talk, currency: string, destination: string): Promise<void> {
  const { db, operationDeps } = talk.services;
  talk.session.waiting = null;
  try {
    const promoter = await promoterOf(db, talk.user.id);
    const amount = await askForWithdrawal(operationDeps, promoter, { currency, destination });
    await talk.say(talk.t('promote.requested', { amount: moneyText(amount) }));
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    await talk.say(talk.t(error.code === 'already_requested' ? 'promote.already' : 'promote.nothing'));
  }
}

function amounts(one: PromoterEarnings) {
  const text = (minor: number): string => moneyText({ minor, currency: one.currency });
  return {
    orders: one.orders,
    sold: text(one.soldMinor),
    held: text(one.heldMinor),
    available: text(Math.max(0, one.availableMinor)),
    paid: text(one.paidMinor),
  };
}
