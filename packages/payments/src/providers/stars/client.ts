import type { Money } from '@mingdan/kernel';
import { z } from 'zod';
import {
  type ClientTools,
  type CreatedPayment,
  type CreatePayment,
  type GatewayPaymentState,
  GatewayRefused,
  type ListedPayment,
  type PaymentClient,
  type PaymentReference,
  type RefundOrder,
  type RefundReference,
  type RefundState,
  type Subscription,
} from '../../contract.ts';
import { unknownRefund } from '../../gateway-answer.ts';
import { type About, refused, unreachable } from '../../gateway-call.ts';
import { webAddress } from '../../values.ts';
import { isSameMoney } from '../../wire-money.ts';
import { type Ask, createAsk, type Question } from './ask.ts';
import type { StarsBot } from './settings.ts';
import { StarTransactions } from './transactions.ts';
import { invoiceFields, STARS, type StarTransaction, SUBSCRIPTION_SECONDS } from './wire.ts';

const DAY_MS = 86_400_000;

const doneAnswer = z.literal(true);
const pageAnswer = z.looseObject({ transactions: z.array(z.unknown()) });

interface Bot {
  readonly ask: Ask;
  readonly list: StarTransactions;
}

/** What a call is about: its question, before it has one. */
type Subject = Pick<Question, 'provider' | 'what' | 'about'>;

export function createClient(settings: StarsBot, tools: ClientTools): PaymentClient {
  const ask = createAsk(settings, tools);
  const bot: Bot = { ask, list: new StarTransactions((offset, limit) => readPage(ask, offset, limit)) };
  return {
    provider: 'stars',
    createPayment: (request) => createPayment(bot, request),
    queryPayment: (payment) => queryPayment(bot, tools, payment),
    refund: (refund) => requestRefund(bot, tools, refund),
    queryRefund: (refund) => queryRefund(bot, tools, refund),
    endSubscription: (subscription) => endSubscription(bot, subscription),
    listPayments: (from, to) => listPayments(bot, from, to),
  };
}

async function readPage(ask: Ask, offset: number, limit: number): Promise<readonly unknown[]> {
  const question = { ...named('list', {}), method: 'getStarTransactions', fields: { offset, limit } };
  return (await ask(question, pageAnswer)).transactions;
}

function named(what: Subject['what'], about: About): Subject {
  return { provider: 'stars', what, about };
}

async function createPayment(bot: Bot, request: CreatePayment): Promise<CreatedPayment> {
  const { gatewayOrderId, amount, subject, method } = request;
  const name = named('create', { order_no: gatewayOrderId });
  if (amount.currency !== STARS) throw refused(name, `asked for ${amount.currency}`, 'Stars take XTR alone');
  const invoice = invoiceFields({
    title: subject,
    description: `${subject} · ${gatewayOrderId}`,
    payload: gatewayOrderId,
    stars: amount.minor,
  });
  const period = method === 'STARS_SUBSCRIPTION' ? { subscription_period: SUBSCRIPTION_SECONDS } : {};
  const paymentUrl = await bot.ask(
    { ...name, method: 'createInvoiceLink', fields: { ...invoice, ...period } },
    webAddress,
  );
  return { providerPaymentId: null, paymentUrl };
}

async function queryPayment(bot: Bot, tools: ClientTools, payment: PaymentReference): Promise<GatewayPaymentState> {
  const { lines, complete } = await bot.list.since(firstDayOf(payment.gatewayOrderId, tools.clock.now()));
  const paid = paymentIn(lines, payment);
  if (!paid) {
    // An invoice never ends by itself. A list that was not read to the order's day proves nothing.
    const status = complete ? 'pending' : 'unknown';
    return { status, providerStatus: 'not_in_list', providerPaymentId: null, amount: null, paidAt: null };
  }
  const isBack = refundIn(lines, paid.chargeId) !== undefined;
  return {
    status: 'paid',
    providerStatus: isBack ? 'refunded' : 'paid',
    ...(isBack ? { givenBack: true } : {}),
    providerPaymentId: paid.chargeId,
    amount: money(paid),
    paidAt: paid.at,
  };
}

/** By its charge where that is known; else the first one of the order: a renewal or a second payment carries the same payload. */
function paymentIn(lines: readonly StarTransaction[], payment: PaymentReference): StarTransaction | undefined {
  const { gatewayOrderId, providerPaymentId } = payment;
  return lines.find(
    ({ kind, payload, chargeId }) =>
      kind === 'payment' && payload === gatewayOrderId && (providerPaymentId ?? chargeId) === chargeId,
  );
}

function refundIn(lines: readonly StarTransaction[], chargeId: string | null): StarTransaction | undefined {
  return lines.find((line) => line.kind === 'refund' && line.chargeId === chargeId);
}

async function requestRefund(bot: Bot, tools: ClientTools, refund: RefundOrder): Promise<RefundState> {
  const { gatewayOrderId, refundId, amount, paymentAmount, providerPaymentId, buyer } = refund;
  const name = named('refund', { order_no: gatewayOrderId, refund_id: refundId });
  if (!isSameMoney(amount, paymentAmount))
    throw refused(name, 'Stars go back in full only', 'Give the whole payment back, or settle the part another way');
  const listed = async (): Promise<StarTransaction | undefined> => {
    const { lines } = await bot.list.since(firstDayOf(gatewayOrderId, tools.clock.now()));
    return paymentIn(lines, refund);
  };
  // The buyer is the payer: nobody else passes the pre-checkout. A buyer who was forgotten still stands in Telegram's list.
  const known = providerPaymentId !== null && buyer.telegramId !== null;
  const found = known ? undefined : await listed();
  const chargeId = providerPaymentId ?? found?.chargeId;
  const payerId = buyer.telegramId ?? found?.payerId;
  if (!chargeId || !payerId)
    throw refused(
      name,
      'the payment or its payer is not in the list of Stars',
      'mingdan orders show names the payment',
    );
  return giveBack(bot, name, payerId, chargeId).catch(async (error: unknown) => {
    // Somebody else may have paid for the buyer: Telegram's list names who it was.
    if (!(error instanceof GatewayRefused) || !/CHARGE_NOT_FOUND|USER_ID_INVALID/.test(error.message)) throw error;
    const payer = (await listed())?.payerId ?? payerId;
    if (payer === payerId) throw error;
    return giveBack(bot, name, payer, chargeId);
  });
}

async function giveBack(bot: Bot, name: Subject, payerId: number, chargeId: string): Promise<RefundState> {
  const fields = { user_id: payerId, telegram_payment_charge_id: chargeId };
  const question: Question = { ...name, method: 'refundStarPayment', fields };
  const done = { status: 'succeeded', providerRefundId: chargeId } as const;
  try {
    await bot.ask(question, doneAnswer);
    return { ...done, providerStatus: 'refunded' };
  } catch (error) {
    if (error instanceof Error && error.message.includes('CHARGE_ALREADY_REFUNDED'))
      return { ...done, providerStatus: 'CHARGE_ALREADY_REFUNDED' };
    throw error;
  }
}

async function queryRefund(bot: Bot, tools: ClientTools, refund: RefundReference): Promise<RefundState> {
  const { lines } = await bot.list.since(firstDayOf(refund.gatewayOrderId, tools.clock.now()));
  const chargeId = refund.providerPaymentId ?? paymentIn(lines, refund)?.chargeId ?? null;
  if (!refundIn(lines, chargeId)) return unknownRefund('not_in_list');
  return { status: 'succeeded', providerRefundId: chargeId, providerStatus: 'refunded' };
}

/** What runs goes on to its end; nothing is taken after it. */
async function endSubscription(bot: Bot, { gatewayOrderId, providerPaymentId, buyer }: Subscription): Promise<void> {
  const name = named('end_subscription', { order_no: gatewayOrderId });
  if (buyer.telegramId === null) throw refused(name, 'its payer is not known', 'The buyer ends it in Telegram');
  const fields = { user_id: buyer.telegramId, telegram_payment_charge_id: providerPaymentId, is_canceled: true };
  await bot.ask({ ...name, method: 'editUserStarSubscription', fields }, doneAnswer);
}

async function listPayments(bot: Bot, from: Date, to: Date): Promise<readonly ListedPayment[]> {
  const { lines, complete } = await bot.list.since(from);
  if (!complete) throw unreachable(named('list', {}), 'the list is too long to go back that far');
  const back = new Set(lines.filter(({ kind }) => kind === 'refund').map(({ chargeId }) => chargeId));
  return lines
    .filter(({ kind, at }) => kind === 'payment' && at >= from && at < to)
    .map((line) => ({
      gatewayOrderId: line.payload,
      providerPaymentId: line.chargeId,
      amount: money(line),
      refundedMinor: back.has(line.chargeId) ? line.stars : 0,
      paidAt: line.at,
      ...(line.repeats ? { repeats: true } : {}),
    }));
}

function money({ stars }: StarTransaction): Money {
  return { minor: stars, currency: STARS };
}

/** No payment of an order is older than the day in its number (Asia/Shanghai); an hour more, as clocks differ. */
function firstDayOf(gatewayOrderId: string, now: Date): Date {
  const [, year, month, day] = /_(\d{4})(\d{2})(\d{2})_/.exec(gatewayOrderId) ?? [];
  const start = new Date(`${year}-${month}-${day}T00:00:00+08:00`).getTime() - 3_600_000;
  return new Date(Number.isNaN(start) ? now.getTime() - 3 * DAY_MS : start);
}
