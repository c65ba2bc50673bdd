import { alarm } from '@mingdan/fulfilment';
import { type Money, moneyText } from '@mingdan/kernel';
import { earningsOf, type Promoter, PromoterRefused, requestWithdrawal } from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';
import { wakeOutbox } from './settle.ts';

/**
 * A promoter asks for all that they may have in a currency, and the operators hear of it.
 * @param destination where it should go, in their own words; kept sealed
 * @throws PromoterRefused nothing_available | already_requested
 */
export async function askForWithdrawal(
  { db, vault, settings, log }: OperationDeps,
  { id: promoterId, code }: Promoter,
  wish: { currency: string; destination: string },
): Promise<Money> {
  const earned = (await earningsOf(db, promoterId)).find(({ currency }) => currency === wish.currency);
  if (!earned)
    throw new PromoterRefused('nothing_available', 'nothing was earned in this currency', {
      hint: 'mingdan promoters list',
    });
  const { currency } = earned;
  const asked = await requestWithdrawal(db, vault, { promoterId, currency, destination: wish.destination });
  const params = { amount: moneyText(asked.amount), code, id: asked.id };
  const { operatorChatId } = settings;
  await alarm({ vault, operatorChatId }, db, `withdrawal:${asked.id}`, { template: 'alarm_withdrawal', params });
  log.info({ withdrawal: asked.id, promoter: promoterId }, 'a withdrawal was asked for');
  await wakeOutbox(db);
  return asked.amount;
}
