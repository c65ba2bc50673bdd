import { type Money, splitGatewayOrderId } from '@mingdan/kernel';
import { type Attempt, attemptsOf, isPayable } from '@mingdan/operations';
import { findOrder, isSubscribable, type Order, rememberTelegramUser } from '@mingdan/orders';
import { findMethod } from '@mingdan/payments/capabilities';
import { TelegramCallFailed } from '../bot-api.ts';
import { languageOf } from '../language.ts';
import type { TelegramServices } from '../services.ts';
import type { PreCheckoutQuery } from './updates.ts';

/** Keys under `stars.refuse_`. */
type Refusal = 'unknown' | 'other_buyer' | 'paid' | 'on_its_way' | 'ended' | 'amount' | 'subscribed';

/**
 * The last word before Telegram takes the money: yes only where this payment is right. A second yes for the same order is possible, since
 * the first need not be followed by a payment; what is then paid twice is given back.
 */
export async function answerPreCheckout(services: TelegramServices, query: PreCheckoutQuery): Promise<void> {
  const { db, log, telegram, texts } = services;
  const orderNo = splitGatewayOrderId(query.invoice_payload)?.orderNo ?? null;
  const refusal = await judge(services, query, orderNo);
  const line = { provider: 'stars', order_no: orderNo ?? undefined, refusal: refusal ?? undefined };
  log.info(line, refusal === null ? 'pre-checkout agreed to' : 'pre-checkout refused');
  try {
    if (refusal === null) {
      await telegram.answerPreCheckoutQuery(query.id, true);
      return;
    }
    const wish = { telegramId: query.from.id, language: languageOf(query.from.language_code) };
    const { language } = await rememberTelegramUser(db, wish);
    await telegram.answerPreCheckoutQuery(query.id, false, texts.t(language, `stars.refuse_${refusal}`));
  } catch (error) {
    // Its ten seconds are over, or it was answered before: Telegram has called the purchase off or gone on.
    if (!(error instanceof TelegramCallFailed) || error.status !== 400) throw error;
    log.warn({ ...line, cause: error.description }, 'a pre-checkout was not answered in time');
  }
}

async function judge(
  services: TelegramServices,
  query: PreCheckoutQuery,
  orderNo: string | null,
): Promise<Refusal | null> {
  const { db, clock } = services;
  const order = orderNo === null ? undefined : await findOrder(db, orderNo);
  if (!order) return 'unknown';
  // Also keeps payer and buyer one: Stars go back to the person who paid them.
  if (order.chatId !== query.from.id) return 'other_buyer';
  const attempts = await attemptsOf(db, order.id);
  const attempt = attempts.find(
    ({ provider, gatewayOrderId }) => provider === 'stars' && gatewayOrderId === query.invoice_payload,
  );
  if (!attempt) return 'unknown';
  const refusal = judgeOrder(order, attempt, query, clock.now());
  if (refusal !== null || findMethod('stars', attempt.method)?.repeatsDays === undefined) return refusal;
  // Two links of one person would both be taken every month.
  return (await isSubscribable(db, order.id)) ? null : 'subscribed';
}

function judgeOrder(order: Order, attempt: Attempt, query: PreCheckoutQuery, now: Date): Refusal | null {
  if (order.paidAt !== null) return 'paid';
  if (!isPayable(order, now) || attempt.status !== 'open') return 'ended';
  // Another gateway sees money for it: a second payment would only have to be given back.
  if (order.paymentSeenAt !== null) return 'on_its_way';
  return isAmount(attempt.amount, query) ? null : 'amount';
}

function isAmount(asked: Money, query: PreCheckoutQuery): boolean {
  return asked.minor === query.total_amount && asked.currency === query.currency;
}
