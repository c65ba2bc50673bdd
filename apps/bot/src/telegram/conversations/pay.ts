import { row } from '@mingdan/db';
import { formatAmount, MingdanError, type Money, orderNumberPattern } from '@mingdan/kernel';
import { isPayable, type StartedPayment } from '@mingdan/operations';
import { findOrder, type Order } from '@mingdan/orders';
import { enqueue, type Message } from '@mingdan/outbox';
import { type ProviderName, providerNames } from '@mingdan/payments';
import { fitsButton } from '../keyboard.ts';
import type { Talk } from '../talk.ts';
import { statusText } from './order-text.ts';

export function amountText(amount: Money): string {
  return `${formatAmount(amount)} ${amount.currency}`;
}

/** The person's own order, or undefined after saying that it is not theirs. */
export async function ownOrder(talk: Talk, orderNo: string): Promise<Order | undefined> {
  const order = orderNumberPattern.test(orderNo) ? await findOrder(talk.services.db, orderNo) : undefined;
  if (order && order.userId === talk.user.id) return order;
  await talk.say(talk.t('orders.not_yours'));
  return undefined;
}

/** The ways to pay that are offered in chat, in their order. */
export function chatProviders(talk: Talk): ProviderName[] {
  const { operationDeps, settings } = talk.services;
  const { offered } = operationDeps.settings;
  return settings.starsOnly ? offered.filter((name) => name === 'stars') : [...offered];
}

/** One way to pay: straight on. Several: a choice. */
export async function offerPayment(talk: Talk, order: Order): Promise<void> {
  const providers = chatProviders(talk);
  const [first] = providers;
  const params = { orderNo: order.orderNo, product: order.productNames, amount: amountText(order.amount) };
  if (!isPayable(order, talk.services.clock.now())) return sayNotPayable(talk, order);
  if (first === undefined) return talk.say(talk.t('buy.no_provider', params), [[talk.button('orders', 'orders')]]);
  if (providers.length === 1) return openPayment(talk, order, first);
  await talk.say(
    talk.t('buy.choose_provider', params),
    providers.map((name) => [talk.button(`providers.${name}`, `pay:${name}:${order.orderNo}`)]),
  );
}

/** `pay:<provider>:<order_no>` */
export async function pay(talk: Talk, provider: string, orderNo: string): Promise<void> {
  const order = await ownOrder(talk, orderNo);
  if (!order) return;
  const name = providerNames.find((known) => known === provider);
  if (name === undefined || !chatProviders(talk).includes(name)) return offerPayment(talk, order);
  await openPayment(talk, order, name);
}

async function openPayment(talk: Talk, order: Order, provider: ProviderName): Promise<void> {
  const { operations, operationDeps } = talk.services;
  let started: StartedPayment;
  try {
    started = await operations.startPayment(operationDeps, { orderNo: order.orderNo, provider });
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    return sayWhyNot(talk, order, provider, error);
  }
  const key = `pay:${order.orderNo}:${provider}`;
  const sent = await sentBefore(talk, key);
  if (sent?.status === 'pending') {
    talk.toast = talk.t('buy.payment_coming');
    return;
  }
  if (sent) return sayAgain(talk, order, started, sent.messageId);
  await sendRequest(talk, order, started, key);
}

async function sentBefore(talk: Talk, key: string): Promise<{ status: string; messageId: number | null } | undefined> {
  return row(talk.services.db, 'select status, sent_message_id as "messageId" from outbox where dedupe_key = :key', {
    key,
  });
}

/** A second button would stay alive when the first is taken away: the address is given as text, below the message that has the button. */
async function sayAgain(talk: Talk, order: Order, started: StartedPayment, messageId: number | null): Promise<void> {
  const text = talk
    .t('buy.payment_above', { minutes: minutesLeft(talk, order), link: started.paymentUrl ?? '' })
    .trim();
  if (messageId === null) await talk.say(text);
  else await talk.sayBelow(messageId, text);
}

/** Written only while the order is unpaid, under its lock: the edit that takes the button away later always comes behind it. */
async function sendRequest(talk: Talk, order: Order, started: StartedPayment, dedupeKey: string): Promise<void> {
  const { db, vault, wakeOutbox } = talk.services;
  const written = await db.transaction(async (tx) => {
    const unpaid = await row(tx, `select 1 from orders where id = :id and status = 'pending_payment' for share`, {
      id: order.id,
    });
    if (!unpaid) return false;
    const message = paymentRequest(order, started, minutesLeft(talk, order));
    await enqueue(tx, vault, { chatId: talk.chatId, userId: talk.user.id, orderId: order.id, dedupeKey, message });
    return true;
  });
  if (!written) return sayNotPayable(talk, (await findOrder(db, order.orderNo)) ?? order);
  wakeOutbox();
}

function paymentRequest(order: Order, started: StartedPayment, minutes: number): Message {
  const url = started.paymentUrl ?? '';
  const asButton = fitsButton(url);
  const params = {
    orderNo: order.orderNo,
    product: order.productNames,
    amount: amountText(started.amount),
    minutes,
    link: asButton ? '' : url,
  };
  return { template: 'payment_request', params, ...(asButton ? { buttons: [[{ label: 'pay', url }]] } : {}) };
}

async function sayWhyNot(talk: Talk, order: Order, provider: ProviderName, error: MingdanError): Promise<void> {
  const params = { orderNo: order.orderNo, minutes: minutesLeft(talk, order) };
  const others = chatProviders(talk).filter((name) => name !== provider);
  const elsewhere = others.map((name) => [talk.button(`providers.${name}`, `pay:${name}:${order.orderNo}`)]);
  switch (error.code) {
    case 'gateway_timeout':
      return talk.say(talk.t('buy.gateway_down', params), [
        [talk.button('try_again', `pay:${provider}:${order.orderNo}`)],
        ...elsewhere,
      ]);
    case 'gateway_refused':
      talk.services.log.error({ err: error, order_no: order.orderNo, provider }, 'a gateway refuses to open a payment');
      return talk.say(talk.t('buy.gateway_refused', params), elsewhere);
    case 'provider_not_offered':
      return talk.say(talk.t('buy.no_provider', params), elsewhere);
    case 'order_not_payable':
      return sayNotPayable(talk, (await findOrder(talk.services.db, order.orderNo)) ?? order);
    default:
      throw error;
  }
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
