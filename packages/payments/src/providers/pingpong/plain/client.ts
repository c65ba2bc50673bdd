import { z } from 'zod';
import type {
  ClientTools,
  CreatedPayment,
  CreatePayment,
  GatewayPaymentState,
  PaymentClient,
  RefundOrder,
  RefundState,
} from '../../../contract.ts';
import { unknownPayment, unknownRefund } from '../../../gateway-answer.ts';
import { alreadyPaid, type GatewayAnswer, unreachable } from '../../../gateway-call.ts';
import { gatewayId, webAddress } from '../../../values.ts';
import { moneyFields } from '../../../wire-money.ts';
import { cleanText, isoDateOf, textOf } from '../../../wire-text.ts';
import type { PlainBot } from '../settings.ts';
import { type Ask, createAsk, named, type Question, understand } from './ask.ts';
import { namedMoney, paymentStatus, refundStatus } from './wire.ts';

const createdAnswer = named.extend({ payment_id: gatewayId, payment_url: webAddress });
const paymentAnswer = named.extend({
  payment_id: gatewayId.nullish(),
  order_id: gatewayId,
  status: z.string(),
  paid_at: z.unknown().optional(),
});
const closedAnswer = named.extend({ status: z.string().nullish() });
const refundAnswer = named.extend({ refund_id: gatewayId, status: z.string() });

export function createPlainClient(settings: PlainBot, tools: ClientTools): PaymentClient {
  const ask = createAsk(settings, tools);
  return {
    provider: 'pingpong',
    createPayment: (request) => createPayment(settings, tools, ask, request),
    queryPayment: ({ gatewayOrderId }) => queryPayment(ask, gatewayOrderId),
    closePayment: ({ gatewayOrderId }) => closePayment(ask, gatewayOrderId),
    refund: (refund) => requestRefund(ask, refund),
    queryRefund: ({ refundId }) => queryRefund(ask, refundId),
  };
}

async function createPayment(
  settings: PlainBot,
  tools: ClientTools,
  ask: Ask,
  request: CreatePayment,
): Promise<CreatedPayment> {
  const seconds = Math.ceil((request.expiresAt.getTime() - tools.clock.now().getTime()) / 1000);
  const question: Question = {
    provider: 'pingpong',
    what: 'create',
    about: { order_no: request.gatewayOrderId },
    method: 'POST',
    path: '/v1/payments',
    fields: {
      merchant_id: settings.merchantId,
      order_id: request.gatewayOrderId,
      ...moneyFields(request.amount),
      subject: request.subject,
      notify_url: request.notifyUrl,
      return_url: request.returnUrl,
      expires_in: Math.max(1, seconds),
    },
  };
  const answer = understand(question, await ask(question), createdAnswer, request);
  return { providerPaymentId: cleanText(answer.payment_id), paymentUrl: answer.payment_url };
}

async function queryPayment(ask: Ask, orderId: string): Promise<GatewayPaymentState> {
  const question: Question = {
    provider: 'pingpong',
    what: 'query',
    about: { order_no: orderId },
    method: 'GET',
    path: `/v1/payments/${encodeURIComponent(orderId)}`,
  };
  const reply = await ask(question);
  if (reply.status === 404) return unknownPayment();
  const answer = understand(question, reply, paymentAnswer, { gatewayOrderId: orderId });
  return {
    status: paymentStatus(answer.status),
    providerStatus: cleanText(answer.status),
    providerPaymentId: textOf(answer.payment_id),
    amount:
      answer.currency === undefined || answer.currency === null
        ? null
        : namedMoney(answer.amount, answer.currency).amount,
    paidAt: isoDateOf(answer.paid_at),
  };
}

async function closePayment(ask: Ask, orderId: string): Promise<void> {
  const question: Question = {
    provider: 'pingpong',
    what: 'close',
    about: { order_no: orderId },
    method: 'POST',
    path: `/v1/payments/${encodeURIComponent(orderId)}/close`,
  };
  const reply = await ask(question);
  // What is not there needs no closing.
  if (reply.status === 404) return;
  const answer = understand(question, reply, closedAnswer, { gatewayOrderId: orderId });
  if (answer.status?.toLowerCase() === 'paid') throw alreadyPaid(question);
}

async function requestRefund(ask: Ask, refund: RefundOrder): Promise<RefundState> {
  const question: Question = {
    provider: 'pingpong',
    what: 'refund',
    about: { order_no: refund.gatewayOrderId, refund_id: refund.refundId },
    method: 'POST',
    path: '/v1/refunds',
    fields: {
      refund_id: refund.refundId,
      order_id: refund.gatewayOrderId,
      ...moneyFields(refund.amount),
      reason: refund.reason,
    },
  };
  return refundState(question, await ask(question), refund);
}

async function queryRefund(ask: Ask, refundId: string): Promise<RefundState> {
  const question: Question = {
    provider: 'pingpong',
    what: 'query refund',
    about: { refund_id: refundId },
    method: 'GET',
    path: `/v1/refunds/${encodeURIComponent(refundId)}`,
  };
  const reply = await ask(question);
  if (reply.status === 404) return unknownRefund();
  return refundState(question, reply, { refundId });
}

function refundState(
  question: Question,
  reply: GatewayAnswer,
  asked: Pick<RefundOrder, 'refundId'> & Partial<RefundOrder>,
): RefundState {
  const answer = understand(question, reply, refundAnswer, asked);
  if (answer.refund_id !== asked.refundId) throw unreachable(question, 'the answer is about another refund');
  return {
    status: refundStatus(answer.status),
    providerRefundId: answer.refund_id,
    providerStatus: cleanText(answer.status),
  };
}
