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
} from '../../contract.ts';
import { type About, type CallName, callGateway, refused, unreachable } from '../../gateway-call.ts';
import { jsonObject } from '../../wire-text.ts';
import type { StarsBot } from './settings.ts';
import { StarTransactions } from './transactions.ts';
import {
  answerShape,
  invoiceFields,
  linkShape,
  pageShape,
  refusalIn,
  STARS,
  type StarTransaction,
  type SUBSCRIPTION_SECONDS,
} from './wire.ts';

const CREATE_TIMEOUT_MS = 3_000;
const TIMEOUT_MS = 5_000;
const DAY_MS = 86_400_000;

const trueShape = z.literal(true);

/** An invoice that is paid again every 30 days: the only period that Telegram takes. At most 10,000 Stars. */
export interface StarsPayment extends CreatePayment {
  readonly subscriptionSeconds?: typeof SUBSCRIPTION_SECONDS;
}

export interface StarsClient extends PaymentClient {
  createPayment(request: StarsPayment): Promise<CreatedPayment>;
}

interface Call extends CallName {
  readonly provider: 'stars';
  readonly method: string;
  readonly fields: object;
}

interface Bot {
  /** @throws GatewayRefused with Telegram's own word, GatewayUnreachable */
  ask<T>(call: Call, schema: z.ZodType<T>): Promise<T>;
  readonly list: StarTransactions;
}

export function createClient(settings: StarsBot, tools: ClientTools): StarsClient {
  const ask = <T>(call: Call, schema: z.ZodType<T>): Promise<T> => askTelegram(settings, tools, call, schema);
  const bot: Bot = { ask, list: new StarTransactions((offset, limit) => readPage(ask, offset, limit)) };
  return {
    provider: 'stars',
    createPayment: (request) => createPayment(bot, request),
    queryPayment: (payment) => queryPayment(bot, tools, payment),
    refund: (refund) => requestRefund(bot, tools, refund),
    queryRefund: (refund) => queryRefund(bot, tools, refund),
    listPayments: (from, to) => listPayments(bot, from, to),
  };
}

async function askTelegram<T>(settings: StarsBot, tools: ClientTools, call: Call, schema: z.ZodType<T>): Promise<T> {
  const reply = await callGateway(tools, {
    provider: call.provider,
    what: call.what,
    about: call.about,
    method: 'POST',
    url: `${settings.apiRoot}/bot${settings.token}/${call.method}`,
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(call.fields),
    timeoutMs: call.what === 'create' ? CREATE_TIMEOUT_MS : TIMEOUT_MS,
    // A second link is the same payment, a second refund is answered CHARGE_ALREADY_REFUNDED.
    repeatable: true,
  });
  // A wrong token or address says nothing about this payment: it is tried again once that is mended.
  if (reply.status === 401 || reply.status === 404)
    throw unreachable(call, `HTTP ${reply.status}, check the bot token`);
  const answer = answerShape.safeParse(jsonObject(Buffer.from(reply.text)));
  if (!answer.success) throw unreachable(call, 'the answer makes no sense');
  if (!answer.data.ok) throw refused(call, refusalIn(answer.data.description), hintFor(answer.data.description));
  const result = schema.safeParse(answer.data.result);
  if (!result.success) throw unreachable(call, 'the answer makes no sense');
  return result.data;
}

function hintFor(description: string): string {
  if (description.includes('BALANCE_TOO_LOW')) return 'The bot has too few Stars left to give these back';
  if (description.includes('CHARGE_NOT_FOUND')) return 'Was this payment made to another bot?';
  return 'See the payments of the bot at @BotFather';
}

async function readPage(ask: Bot['ask'], offset: number, limit: number): Promise<readonly unknown[]> {
  const call: Call = { ...named('list', {}), method: 'getStarTransactions', fields: { offset, limit } };
  return (await ask(call, pageShape)).transactions;
}

function named(what: string, about: About): CallName & { provider: 'stars' } {
  return { provider: 'stars', what, about };
}

async function createPayment(bot: Bot, request: StarsPayment): Promise<CreatedPayment> {
  const { gatewayOrderId, amount, subject, subscriptionSeconds } = request;
  const name = named('create', { order_no: gatewayOrderId });
  if (amount.currency !== STARS) throw refused(name, `asked for ${amount.currency}`, 'Stars take XTR alone');
  const invoice = invoiceFields({
    title: subject,
    description: `${subject} · ${gatewayOrderId}`,
    payload: gatewayOrderId,
    stars: amount.minor,
  });
  const period = subscriptionSeconds === undefined ? {} : { subscription_period: subscriptionSeconds };
  const paymentUrl = await bot.ask(
    { ...name, method: 'createInvoiceLink', fields: { ...invoice, ...period } },
    linkShape,
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
  return {
    status: 'paid',
    providerStatus: refundIn(lines, paid.chargeId) ? 'refunded' : 'paid',
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
  if (amount.minor !== paymentAmount.minor || amount.currency !== paymentAmount.currency)
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

async function giveBack(bot: Bot, name: CallName, payerId: number, chargeId: string): Promise<RefundState> {
  const fields = { user_id: payerId, telegram_payment_charge_id: chargeId };
  const call: Call = { ...name, provider: 'stars', method: 'refundStarPayment', fields };
  const done = { status: 'succeeded', providerRefundId: chargeId } as const;
  try {
    await bot.ask(call, trueShape);
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
  return refundIn(lines, chargeId)
    ? { status: 'succeeded', providerRefundId: chargeId, providerStatus: 'refunded' }
    : { status: 'unknown', providerRefundId: null, providerStatus: 'not_in_list' };
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
