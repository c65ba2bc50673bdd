import { MingdanError, type Money, moneyText } from '@mingdan/kernel';
import { enterRedPacketCode, type RedPacketAnswer } from '@mingdan/operations';
import { findOrder, type Order, redPacketOfOrder } from '@mingdan/orders';
import type { Talk } from '../talk.ts';
import { refundRuleText, statusText } from './order-text.ts';

/** After `pay:redpacket:<order_no>`: the next line is the code. */
export async function askForCode(talk: Talk, order: Order, amount: Money): Promise<void> {
  const packet = await redPacketOfOrder(talk.services.db, order.id);
  if (packet?.state === 'waiting') return talk.say(talk.t('redpacket.waiting'));
  talk.session.waiting = { for: 'redpacket', orderNo: order.orderNo };
  const params = { orderNo: order.orderNo, amount: moneyText(amount), refundRule: refundRuleText(talk, order) };
  await talk.say(talk.t('redpacket.ask', params));
}

/** The line that was asked for. What is no code may be typed again. */
export async function redPacketCode(talk: Talk, orderNo: string, typed: string): Promise<void> {
  const { operationDeps, wakeOutbox } = talk.services;
  let answer: RedPacketAnswer;
  try {
    answer = await enterRedPacketCode(operationDeps, { orderNo, code: typed, userId: talk.user.id });
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    return sayWhyNot(talk, orderNo, error);
  }
  const { state, reason, taken } = answer;
  // A rejected code leaves the question open.
  if (state !== 'rejected') talk.session.waiting = null;
  const outcome = state === 'waiting' && !taken ? 'other_waiting' : state;
  await talk.say(talk.t(`redpacket.${outcome}`, { reason: reason ?? '' }));
  wakeOutbox();
}

async function sayWhyNot(talk: Talk, orderNo: string, error: MingdanError): Promise<void> {
  if (error.code === 'bad_redpacket_code') return talk.say(talk.t('redpacket.bad'));
  if (error.code === 'redpacket_code_used') return talk.say(talk.t('redpacket.used'));
  talk.session.waiting = null;
  switch (error.code) {
    case 'too_many_redpacket_codes':
      return talk.say(talk.t('redpacket.too_many'));
    case 'order_not_found':
      return talk.say(talk.t('orders.not_yours'));
    case 'provider_not_offered':
    case 'method_not_offered':
      return talk.say(talk.t('buy.no_provider', { orderNo }));
    case 'order_not_payable': {
      const order = await findOrder(talk.services.db, orderNo);
      const status = order ? statusText(talk, order) : '';
      return talk.say(talk.t('buy.not_payable', { status }), [[talk.button('open_order', `order:${orderNo}`)]]);
    }
    default:
      throw error;
  }
}
