import type { Money } from '@mingdan/kernel';
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
import { readAnswer, unknownPayment, unknownRefund } from '../../../gateway-answer.ts';
import { orderIdUsed, refused, unreachable } from '../../../gateway-call.ts';
import { gatewayId, webAddress } from '../../../values.ts';
import { isSameMoney, moneyFields, moneyOf } from '../../../wire-money.ts';
import { cleanText, type Fields, textOf } from '../../../wire-text.ts';
import type { V4Bot } from '../settings.ts';
import { type Ask, createAsk, type Question, SEE_CONSOLE } from './ask.ts';
import { dateOf, paymentStatus, refundStatus } from './wire.ts';

/** shopperIP is mandatory. In chat nobody knows the buyer's address, so the loopback address stands for "not known". */
const UNKNOWN_IP = '127.0.0.1';

const createdAnswer = z.object({ transactionId: gatewayId, paymentUrl: webAddress });
const paymentAnswer = z.object({
  transactionId: gatewayId.nullish(),
  merchantTransactionId: gatewayId,
  status: z.string(),
});
const refundAnswer = z.object({
  refundId: gatewayId.nullish(),
  merchantRefundId: gatewayId.nullish(),
  status: z.string(),
});

/** No `closePayment`: v4 has none, a payment closes by its `timeExpire`. */
export function createV4Client(settings: V4Bot, tools: ClientTools): PaymentClient {
  const ask = createAsk(settings, tools);
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
  if (answer.found === 'missing') throw refused(question, 'not found', SEE_CONSOLE);
  const created = readAnswer(question, answer.content, createdAnswer);
  if (namesAnother(answer.content.merchantTransactionId, request.gatewayOrderId))
    throw unreachable(question, 'the answer is about another order');
  // A repeated order id keeps the price that it was first made with.
  if (differs(answer.content, request.amount)) throw orderIdUsed(question, 'it is known there with another amount');
  return { providerPaymentId: cleanText(created.transactionId), paymentUrl: created.paymentUrl };
}

function order(request: CreatePayment): Fields {
  const { amount, currency } = moneyFields(request.amount);
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
  if (answer.found !== 'content') return unknownPayment();
  const payment = readAnswer(question, answer.content, paymentAnswer);
  if (payment.merchantTransactionId !== orderId) throw unreachable(question, 'the answer is about another order');
  const word = payment.status.trim().toUpperCase();
  const status = paymentStatus(word);
  const { amount, currency, transactionEndingTime, transactionTime } = answer.content;
  return {
    status,
    providerStatus: cleanText(word),
    providerPaymentId: textOf(payment.transactionId),
    amount: moneyOf(amount, currency).amount,
    paidAt: status === 'paid' ? (dateOf(transactionEndingTime) ?? dateOf(transactionTime)) : null,
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
      ...moneyFields(refund.amount),
      notificationUrl: refund.notifyUrl,
      remark: plainWords(refund.reason, 32),
    },
  };
  const answer = await ask(question);
  // Asked for before, by us: what has become of it is another question.
  if (answer.found === 'duplicate') return queryRefund(ask, { ...refund, providerRefundId: null });
  if (answer.found === 'missing') throw refused(question, 'the payment is not known there', SEE_CONSOLE);
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
  if (answer.found !== 'content') return unknownRefund();
  return refundIn(question, answer.content, refund);
}

function refundIn(
  question: Question,
  content: Fields,
  asked: Pick<RefundOrder, 'refundId' | 'gatewayOrderId'> & Partial<Pick<RefundOrder, 'amount'>>,
): RefundState {
  const refund = readAnswer(question, content, refundAnswer);
  const isOther =
    namesAnother(refund.merchantRefundId, asked.refundId) ||
    namesAnother(content.merchantTransactionId, asked.gatewayOrderId) ||
    (asked.amount !== undefined && differs(content, asked.amount));
  if (isOther) throw unreachable(question, 'the answer is about another refund');
  const word = refund.status.trim().toUpperCase();
  return { status: refundStatus(word), providerRefundId: textOf(refund.refundId), providerStatus: cleanText(word) };
}

function namesAnother(named: unknown, asked: string): boolean {
  return named !== undefined && named !== null && named !== asked;
}

/** Amounts come back as "200.000000": they are compared as decimals. One that is left out is no other one. */
function differs(content: Fields, asked: Money): boolean {
  const { amount, problem } = moneyOf(content.amount, content.currency ?? asked.currency);
  return problem !== 'amount_missing' && !isSameMoney(amount, asked);
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
