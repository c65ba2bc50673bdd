import { row } from '@mingdan/db';
import { amountText, fulfillerKey, paymentMessageKey } from '@mingdan/fulfilment';
import { MingdanError, moneyText, orderNumberPattern } from '@mingdan/kernel';
import {
  attemptsOf,
  coinPartOf,
  isPayable,
  type Offer,
  payPartWithCoins,
  type StartedPayment,
  subscriptionOffer,
} from '@mingdan/operations';
import { findOrder, type Order, redPacketOfOrder } from '@mingdan/orders';
import { enqueue, type Message } from '@mingdan/outbox';
import { fitsButton } from '../keyboard.ts';
import type { Talk } from '../talk.ts';
import { isPaymentOnItsWay, refundRuleText, statusText } from './order-text.ts';
import { askForCode } from './redpacket.ts';
import { chatOffers, partButton, payButtons, providerLabel, wayButtons, waysToPay } from './ways.ts';

/** The person's own order, or undefined after saying that it is not theirs. */
export async function ownOrder(talk: Talk, orderNo: string): Promise<Order | undefined> {
  const order = orderNumberPattern.test(orderNo) ? await findOrder(talk.services.db, orderNo) : undefined;
  if (order && order.userId === talk.user.id) return order;
  await talk.say(talk.t('orders.not_yours'));
  return undefined;
}

/** One way to pay: straight on. Several: a choice. */
export async function offerPayment(talk: Talk, order: Order): Promise<void> {
  if (!isPayable(order, talk.services.clock.now())) return sayNotPayable(talk, order);
  if (isPaymentOnItsWay(order)) return sayOnItsWay(talk, order);
  const ways = await waysToPay(talk, order);
  const { offers, subscription, part } = ways;
  const [only] = offers;
  const params = {
    orderNo: order.orderNo,
    product: order.productNames,
    amount: amountText(order),
    refundRule: refundRuleText(talk, order),
  };
  if (only === undefined) return talk.say(talk.t('buy.no_provider', params), [[talk.button('orders', 'orders')]]);
  if (offers.length === 1 && !subscription && !part) return openPayment(talk, order, only);
  await talk.say(talk.t('buy.choose_provider', params), payButtons(talk, order, ways));
}

/** `subscribe:<order_no>`: it will pay itself again, until its buyer stops it. */
export async function subscribe(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  if (isPaymentOnItsWay(order)) return sayOnItsWay(talk, order);
  const offer = await subscriptionOffer(talk.services.operationDeps, order);
  if (offer === undefined) return offerPayment(talk, order);
  await openPayment(talk, order, offer);
}

/** `coins:<order_no>`: coins pay a part of it, and what is left is asked for. */
export async function payPart(talk: Talk, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  const { db, operationDeps } = talk.services;
  try {
    const { coins } = await payPartWithCoins(operationDeps, order, 'chat');
    talk.toast = talk.t('buy.coins_used', { count: coins });
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    talk.toast = talk.t('buy.coins_not_used');
  }
  await offerPayment(talk, (await findOrder(db, order.orderNo)) ?? order);
}

/** `pay:<provider>:<order_no>` */
export async function pay(talk: Talk, provider: string, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  if (isPaymentOnItsWay(order)) return sayOnItsWay(talk, order);
  const offer = (await chatOffers(talk, order)).find((each) => each.provider === provider);
  if (offer === undefined) return offerPayment(talk, order);
  await openPayment(talk, order, offer);
}

async function openPayment(talk: Talk, order: Order, offer: Offer): Promise<void> {
  const { operations, operationDeps, wakeOutbox } = talk.services;
  const { provider, method } = offer;
  let started: StartedPayment;
  try {
    started = await operations.startPayment(operationDeps, {
      orderNo: order.orderNo,
      provider,
      method: method.method,
      surface: 'chat',
    });
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    return sayWhyNot(talk, order, offer, error);
  }
  if (method.shows === 'nothing') {
    // Paid from the balance by that very call: the worker tells of it as soon as it has the order.
    talk.toast = talk.t('buy.paid_at_once');
    return wakeOutbox();
  }
  if (method.shows === 'code') return askForCode(talk, order, started.amount);
  const key = paymentMessageKey(order.orderNo, provider, method.repeatsDays !== undefined);
  const sent = await sentBefore(talk, key);
  if (sent?.status === 'pending') {
    talk.toast = talk.t('buy.payment_coming');
    return;
  }
  if (sent) return sayAgain(talk, order, started, sent.messageId);
  await sendRequest(talk, order, await paymentRequest(talk, order, offer, started), key);
}

async function sentBefore(talk: Talk, key: string): Promise<{ status: string; messageId: number | null } | undefined> {
  return row(talk.services.db, 'select status, sent_message_id as "messageId" from outbox where dedupe_key = :key', {
    key,
  });
}

/** A second button would stay alive when the first is taken away: the address is given as text, below the message that has the button. */
async function sayAgain(talk: Talk, order: Order, started: StartedPayment, messageId: number | null): Promise<void> {
  const params = { minutes: minutesLeft(talk, order), link: payAddress(talk, order, started) };
  const text = talk.t('buy.payment_above', params).trim();
  if (messageId === null) await talk.say(text);
  else await talk.sayBelow(messageId, text);
}

/** Written only while the order is unpaid, under its lock: the edit that takes the button away later always comes behind it. */
async function sendRequest(talk: Talk, order: Order, message: Message, dedupeKey: string): Promise<void> {
  const { db, vault, wakeOutbox } = talk.services;
  const written = await db.transaction(async (tx) => {
    const unpaid = await row(tx, `select 1 from orders where id = :id and status = 'pending_payment' for share`, {
      id: order.id,
    });
    if (!unpaid) return false;
    await enqueue(tx, vault, { chatId: talk.chatId, userId: talk.user.id, orderId: order.id, dedupeKey, message });
    return true;
  });
  if (!written) return sayNotPayable(talk, (await findOrder(db, order.orderNo)) ?? order);
  wakeOutbox();
}

/**
 * Where the buyer pays: the gateway's page, or, where there is a code to scan, the link of our own order page that opens this very way:
 * on a computer it shows the code, on a phone, which cannot scan itself, it goes where the way is paid on phones.
 */
function payAddress(talk: Talk, order: Order, { paymentUrl, provider }: StartedPayment): string {
  if (paymentUrl !== null) return paymentUrl;
  const { operations, operationDeps } = talk.services;
  const link = new URL(operations.orderLink(operationDeps.settings, order.orderNo));
  link.pathname += `/pay/${provider}`;
  return link.href;
}

async function paymentRequest(talk: Talk, order: Order, offer: Offer, started: StartedPayment): Promise<Message> {
  const said = { orderNo: order.orderNo, minutes: minutesLeft(talk, order), refundRule: fulfillerKey(order) };
  if (offer.method.shows === 'invoice') {
    const invoice = {
      payload: await gatewayOrderId(talk, order, offer),
      stars: started.amount.minor,
      title: order.productNames,
      startParameter: `buy_${order.productSlug}`,
    };
    return { template: 'payment_request_invoice', params: said, invoice };
  }
  const url = payAddress(talk, order, started);
  const asButton = fitsButton(url);
  const params = {
    ...said,
    product: order.productNames,
    amount: moneyText(started.amount),
    link: asButton ? '' : url,
  };
  const template = offer.method.repeatsDays === undefined ? 'payment_request' : 'payment_request_subscription';
  return { template, params, ...(asButton ? { buttons: [[{ label: 'pay', url }]] } : {}) };
}

/** A later attempt goes under `-2`, `-3`: what comes back with the payment must name the open one. */
async function gatewayOrderId(talk: Talk, order: Order, { provider, method }: Offer): Promise<string> {
  const attempts = await attemptsOf(talk.services.db, order.id);
  const open = attempts.find(
    (each) => each.provider === provider && each.method === method.method && each.status === 'open',
  );
  return open?.gatewayOrderId ?? order.orderNo;
}

async function sayWhyNot(talk: Talk, order: Order, failed: Offer, error: MingdanError): Promise<void> {
  const { provider } = failed;
  const name = providerLabel(talk, provider);
  const params = { orderNo: order.orderNo, minutes: minutesLeft(talk, order), name };
  const others = (await chatOffers(talk, order)).filter((offer) => offer.provider !== provider);
  const elsewhere = wayButtons(talk, order, others);
  switch (error.code) {
    case 'gateway_timeout':
      return talk.say(talk.t('buy.gateway_down', params), [
        [talk.button('try_again', `pay:${provider}:${order.orderNo}`)],
        ...elsewhere,
      ]);
    case 'gateway_refused':
      talk.services.log.error({ err: error, order_no: order.orderNo, provider }, 'a gateway refuses to open a payment');
      return talk.say(talk.t('buy.gateway_refused', params), elsewhere);
    case 'not_enough_coins':
      return talk.say(talk.t('buy.not_enough_coins', params), [
        ...elsewhere,
        ...partButton(talk, order, await coinPartOf(talk.services.operationDeps, order, 'chat')),
      ]);
    case 'provider_not_offered':
    case 'method_not_offered':
      return talk.say(talk.t('buy.no_provider', params), elsewhere);
    case 'order_not_payable':
      return sayNotPayable(talk, (await findOrder(talk.services.db, order.orderNo)) ?? order);
    default:
      throw error;
  }
}

/** One payment is under way: another now would be one too many. */
export async function sayOnItsWay(talk: Talk, order: Order): Promise<void> {
  const packet = await redPacketOfOrder(talk.services.db, order.id);
  const text = talk.t(packet?.state === 'waiting' ? 'redpacket.waiting' : 'check.processing');
  await talk.say(text, [[talk.button('check', `check:${order.orderNo}`)]]);
}

async function sayNotPayable(talk: Talk, order: Order): Promise<void> {
  await talk.say(talk.t('buy.not_payable', { status: statusText(talk, order) }), [
    [talk.button('open_order', `order:${order.orderNo}`)],
  ]);
}

export function minutesLeft(talk: Talk, order: Pick<Order, 'expiresAt'>): number {
  const ms = order.expiresAt.getTime() - talk.services.clock.now().getTime();
  return Math.max(0, Math.ceil(ms / 60_000));
}
