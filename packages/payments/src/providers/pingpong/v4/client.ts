import { formatAmount, type Money } from '@mingdan/kernel';
import { z } from 'zod';
import type {
  ClientTools,
  CreatedPayment,
  CreatePayment,
  GatewayPaymentState,
  PaymentClient,
  RefundOrder,
  RefundReference,
  RefundState,
} from '../../../contract.ts';
import { refused, unreachable } from '../../../gateway-call.ts';
import { moneyOf } from '../../../wire-money.ts';
import { cleanText, textOf } from '../../../wire-text.ts';
import type { V4Bot } from '../settings.ts';
import { type Ask, asker, orderIdUsed, type Question } from './ask.ts';
import { dateOf, type Fields, paymentState, refundState } from './wire.ts';

/** shopperIP is mandatory. In chat nobody knows the buyer's address, so the loopback address stands for "not known". */
const UNKNOWN_IP = '127.0.0.1';

const id = z.union([z.string().min(1).max(128), z.number()]).transform(String);
const createdAnswer = z.object({ transactionId: id, paymentUrl: z.url({ protocol: /^https?$/ }) });
const paymentAnswer = z.object({ transactionId: id.nullish(), merchantTransactionId: id, status: z.string() });
const refundAnswer = z.object({ refundId: id.nullish(), merchantRefundId: id.nullish(), status: z.string() });

/** No `closePayment`: v4 has none, a payment closes by its `timeExpire`. */
export function v4Client(settings: V4Bot, tools: ClientTools): PaymentClient {
  const ask = asker(settings, tools);
  return {
    provider: 'pingpong',
    createPayment: (request) => createPayment(ask, request),
    queryPayment: ({ gatewayOrderId }) => queryPayment(ask, gatewayOrderId),
    refund: (refund) => requestRefund(ask, refund),
    queryRefund: (refund) => queryRefund(ask, refund),
  };
}

async function createPayment(ask: Ask, request: CreatePayment): Promise<CreatedPayment> {
  const question: Question = {
    provider: 'pingpong',
    what: 'create',
    about: { order_no: request.gatewayOrderId },
    path: '/v4/payment/prePay',
    content: order(request),
  };
  const answer = await ask(question);
  if (answer.found === 'duplicate') throw orderIdUsed(question, 'code 107000');
  if (answer.found === 'missing') throw refused(question, 'not found', 'See the payment in the console of PingPong');
  const created = createdAnswer.safeParse(answer.content);
  if (!created.success) throw unreachable(question, 'the answer makes no sense');
  if (namesAnother(answer.content.merchantTransactionId, request.gatewayOrderId))
    throw unreachable(question, 'the answer is about another order');
  // A repeated order id keeps the price that it was first made with.
  if (differs(answer.content, request.amount)) throw orderIdUsed(question, 'it is known there with another amount');
  return { providerPaymentId: cleanText(created.data.transactionId), paymentUrl: created.data.paymentUrl };
}

function order(request: CreatePayment): Fields {
  const { amount, currency } = wireMoney(request.amount);
  return {
    captureDelayHours: '0',
    amount,
    currency,
    merchantTransactionId: request.gatewayOrderId,
    shopperIP: request.buyer.ip?.replace(/^::ffff:/i, '') ?? UNKNOWN_IP,
    payResultUrl: request.returnUrl,
    payCancelUrl: request.returnUrl,
    notificationUrl: request.notifyUrl,
    closeNotificationUrl: request.notifyUrl,
    timeExpire: String(Math.ceil(request.expiresAt.getTime() / 1000)),
    goods: [{ name: plainWords(request.subject, 100) || request.gatewayOrderId, unitPrice: amount, number: '1' }],
    ...(request.buyer.userId === null ? {} : { merchantUserId: String(request.buyer.userId) }),
  };
}

async function queryPayment(ask: Ask, orderId: string): Promise<GatewayPaymentState> {
  const question: Question = {
    provider: 'pingpong',
    what: 'query',
    about: { order_no: orderId },
    path: '/v4/payment/query',
    content: { merchantTransactionId: orderId },
  };
  const answer = await ask(question);
  // Not known there (yet): the call that makes it may still be on its way, so this proves nothing.
  if (answer.found !== 'content')
    return { status: 'unknown', providerStatus: 'not_found', providerPaymentId: null, amount: null, paidAt: null };
  const payment = paymentAnswer.safeParse(answer.content);
  if (!payment.success) throw unreachable(question, 'the answer makes no sense');
  if (payment.data.merchantTransactionId !== orderId) throw unreachable(question, 'the answer is about another order');
  const status = payment.data.status.trim().toUpperCase();
  const state = paymentState(status);
  const { amount, currency, transactionEndingTime, transactionTime } = answer.content;
  return {
    status: state,
    providerStatus: cleanText(status),
    providerPaymentId: textOf(payment.data.transactionId),
    amount: moneyOf(amount, currency).amount,
    paidAt: state === 'paid' ? (dateOf(transactionEndingTime) ?? dateOf(transactionTime)) : null,
  };
}

async function requestRefund(ask: Ask, refund: RefundOrder): Promise<RefundState> {
  const question: Question = {
    provider: 'pingpong',
    what: 'refund',
    about: { order_no: refund.gatewayOrderId, refund_id: refund.refundId },
    path: '/v4/payment/refund',
    content: {
      merchantTransactionId: refund.gatewayOrderId,
      merchantRefundId: refund.refundId,
      ...wireMoney(refund.amount),
      notificationUrl: refund.notifyUrl,
      remark: plainWords(refund.reason, 32),
    },
  };
  const answer = await ask(question);
  // Asked for before, by us: what has become of it is another question.
  if (answer.found === 'duplicate') return queryRefund(ask, { ...refund, providerRefundId: null });
  if (answer.found === 'missing')
    throw refused(question, 'the payment is not known there', 'See the payment in the console of PingPong');
  return refundIn(question, answer.content, refund);
}

async function queryRefund(ask: Ask, refund: RefundReference): Promise<RefundState> {
  const question: Question = {
    provider: 'pingpong',
    what: 'query refund',
    about: { order_no: refund.gatewayOrderId, refund_id: refund.refundId },
    path: '/v4/refund/query',
    content: { merchantRefundId: refund.refundId, merchantTransactionId: refund.gatewayOrderId },
  };
  const answer = await ask(question);
  if (answer.found !== 'content') return { status: 'unknown', providerRefundId: null, providerStatus: 'not_found' };
  return refundIn(question, answer.content, refund);
}

function refundIn(
  question: Question,
  content: Fields,
  asked: Pick<RefundOrder, 'refundId' | 'gatewayOrderId'> & Partial<Pick<RefundOrder, 'amount'>>,
): RefundState {
  const refund = refundAnswer.safeParse(content);
  if (!refund.success) throw unreachable(question, 'the answer makes no sense');
  const isOther =
    namesAnother(refund.data.merchantRefundId, asked.refundId) ||
    namesAnother(content.merchantTransactionId, asked.gatewayOrderId) ||
    (asked.amount !== undefined && differs(content, asked.amount));
  if (isOther) throw unreachable(question, 'the answer is about another refund');
  const status = refund.data.status.trim().toUpperCase();
  return {
    status: refundState(status),
    providerRefundId: textOf(refund.data.refundId),
    providerStatus: cleanText(status),
  };
}

function namesAnother(named: unknown, asked: string): boolean {
  return named !== undefined && named !== null && named !== asked;
}

/** Amounts come back as "200.000000": they are compared as decimals. One that is left out is no other one. */
function differs(content: Fields, asked: Money): boolean {
  const { amount, problem } = moneyOf(content.amount, content.currency ?? asked.currency);
  if (problem === 'amount_missing') return false;
  return amount?.minor !== asked.minor || amount.currency !== asked.currency;
}

function wireMoney(money: Money): { amount: string; currency: string } {
  return { amount: formatAmount(money), currency: money.currency };
}

/** The vendor refuses requests with `<` or `>` and asks to keep these signs and line breaks out of values. */
function plainWords(text: string, length: number): string {
  return text
    .replace(/[<>\\"'{}[\]:,&/();=%+\p{Cc}]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, length)
    .toWellFormed();
}
