import { formatAmount, type Money } from '@mingdan/kernel';
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
import { type CallName, callGateway, type GatewayAnswer, refused, unreachable } from '../../../gateway-call.ts';
import { cleanText, jsonObject, textOf } from '../../../wire-text.ts';
import type { PlainBot } from '../settings.ts';
import { PLAIN_SIGNATURE_HEADER } from '../wire.ts';
import { namedMoney, paymentStatus, refundStatus, signature } from './wire.ts';

// The buyer is waiting for the button; the worker, which asks everything else, is not.
const CREATE_TIMEOUT_MS = 3_000;
const TIMEOUT_MS = 5_000;

const id = z.union([z.string().min(1).max(128), z.number()]).transform(String);
/** Where an answer names its order or its money, they must be those that were asked about. */
const named = z.object({ order_id: id.nullish(), amount: z.unknown().optional(), currency: z.unknown().optional() });
const createdAnswer = named.extend({ payment_id: id, payment_url: z.url({ protocol: /^https?$/ }) });
const paymentAnswer = named.extend({
  payment_id: id.nullish(),
  order_id: id,
  status: z.string(),
  paid_at: z.unknown().optional(),
});
const closedAnswer = named.extend({ status: z.string().nullish() });
const refundAnswer = named.extend({ refund_id: id, status: z.string() });

interface Question extends CallName {
  readonly provider: 'pingpong';
  readonly what: 'create' | 'query' | 'close' | 'refund' | 'query refund';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export function plainClient(settings: PlainBot, tools: ClientTools): PaymentClient {
  const ask = (question: Question): Promise<GatewayAnswer> => askPingpong(settings, tools, question);
  return {
    provider: 'pingpong',
    createPayment: (request) => createPayment(settings, tools, ask, request),
    queryPayment: ({ gatewayOrderId }) => queryPayment(ask, gatewayOrderId),
    closePayment: ({ gatewayOrderId }) => closePayment(ask, gatewayOrderId),
    refund: (refund) => requestRefund(ask, refund),
    queryRefund: ({ refundId }) => queryRefund(ask, refundId),
  };
}

type Ask = (question: Question) => Promise<GatewayAnswer>;

async function askPingpong(settings: PlainBot, tools: ClientTools, question: Question): Promise<GatewayAnswer> {
  const url = `${settings.apiBase}${question.path}`;
  const body = question.fields === undefined ? undefined : JSON.stringify(question.fields);
  return callGateway(tools, {
    ...question,
    url,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      [PLAIN_SIGNATURE_HEADER]: signature(settings.apiSecret, body ?? new URL(url).pathname).toString('hex'),
      'x-timestamp': String(Math.floor(tools.clock.now().getTime() / 1000)),
    },
    ...(body === undefined ? {} : { body }),
    timeoutMs: question.what === 'create' ? CREATE_TIMEOUT_MS : TIMEOUT_MS,
    // Every call of this protocol is idempotent by the order number or the refund's id.
    repeatable: true,
  });
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
      ...wireMoney(request.amount),
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
  // Not known there (yet): the call that opens it may still be on its way, so this proves nothing.
  if (reply.status === 404)
    return { status: 'unknown', providerStatus: 'not_found', providerPaymentId: null, amount: null, paidAt: null };
  const answer = understand(question, reply, paymentAnswer, { gatewayOrderId: orderId });
  return {
    status: paymentStatus(answer.status),
    providerStatus: cleanText(answer.status),
    providerPaymentId: textOf(answer.payment_id),
    amount:
      answer.currency === undefined || answer.currency === null
        ? null
        : namedMoney(answer.amount, answer.currency).amount,
    paidAt: dateOf(answer.paid_at),
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
  if (answer.status?.toLowerCase() === 'paid')
    throw refused(question, 'it is paid already', 'Ask for the payment: its order is paid');
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
      ...wireMoney(refund.amount),
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
  if (reply.status === 404) return { status: 'unknown', providerRefundId: null, providerStatus: 'not_found' };
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

/** A 2xx answer by its schema and about what was asked; everything else is thrown. */
function understand<T extends z.output<typeof named>>(
  question: Question,
  reply: GatewayAnswer,
  schema: z.ZodType<T>,
  asked: { gatewayOrderId?: string; amount?: Money },
): T {
  const fields = jsonObject(Buffer.from(reply.text));
  if (reply.status >= 400)
    throw refused(question, `HTTP ${reply.status} ${reasonIn(fields)}`.trim(), hintFor(reply.status));
  const answer = schema.safeParse(fields);
  if (!answer.success) throw unreachable(question, 'the answer makes no sense');
  const difference = otherThanAsked(answer.data, asked);
  if (difference) throw unreachable(question, difference);
  return answer.data;
}

function otherThanAsked(
  answer: z.output<typeof named>,
  asked: { gatewayOrderId?: string; amount?: Money },
): string | null {
  const { order_id: orderId } = answer;
  if (
    asked.gatewayOrderId !== undefined &&
    orderId !== undefined &&
    orderId !== null &&
    orderId !== asked.gatewayOrderId
  ) {
    return 'the answer is about another order';
  }
  if (asked.amount === undefined || answer.amount === undefined || answer.amount === null) return null;
  const { amount } = namedMoney(answer.amount, answer.currency ?? asked.amount.currency);
  return amount?.minor === asked.amount.minor && amount.currency === asked.amount.currency
    ? null
    : 'the answer names another amount';
}

function wireMoney(money: Money): { amount: string; currency: string } {
  return { amount: formatAmount(money), currency: money.currency };
}

/** The gateway's own word for its refusal, where it gives one. */
function reasonIn(fields: Readonly<Record<string, unknown>> | undefined): string {
  const error = fields?.error;
  const inner = typeof error === 'object' && error !== null && 'code' in error ? error.code : error;
  return textOf(inner) ?? textOf(fields?.code) ?? '';
}

function hintFor(status: number): string {
  if (status === 401 || status === 403)
    return 'Compare PINGPONG_MERCHANT_ID and PINGPONG_API_SECRET with the merchant console';
  return 'See the payment in the console of PingPong';
}

function dateOf(value: unknown): Date | null {
  const date = typeof value === 'string' ? new Date(value) : null;
  return date === null || Number.isNaN(date.getTime()) ? null : date;
}
