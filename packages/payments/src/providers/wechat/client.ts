import { z } from 'zod';
import type {
  ClientTools,
  GatewayPaymentState,
  PaymentClient,
  PaymentReference,
  RefundOrder,
  RefundReference,
  RefundState,
} from '../../contract.ts';
import { unknownPayment, unknownRefund } from '../../gateway-answer.ts';
import { unreachable } from '../../gateway-call.ts';
import { cleanText, isoDateOf } from '../../wire-text.ts';
import { type Ask, createAsk, errorCode, namesOtherMoney, type Question, understand } from './ask.ts';
import { createPayment, shortened, withoutQuery } from './create.ts';
import type { WechatBot } from './settings.ts';
import { namedMoney, paymentStatus, refundStatus } from './wire.ts';

const LONGEST_REASON = 80;

const transaction = z.object({
  mchid: z.string(),
  appid: z.string(),
  out_trade_no: z.string(),
  transaction_id: z.string().max(64).nullish(),
  trade_state: z.string(),
  success_time: z.unknown().optional(),
  amount: z.object({ total: z.unknown(), currency: z.unknown().optional() }).nullish(),
});
const refundAnswer = z.object({
  refund_id: z.string().min(1).max(64),
  out_refund_no: z.string(),
  out_trade_no: z.string().optional(),
  status: z.string(),
  amount: z.object({ refund: z.number().optional(), currency: z.string().optional() }).optional(),
});

export function createClient(settings: WechatBot, tools: ClientTools): PaymentClient {
  const ask = createAsk(settings, tools);
  return {
    provider: 'wechat',
    createPayment: (request) => createPayment(settings, tools.clock, ask, request),
    queryPayment: (payment) => queryPayment(settings, ask, payment),
    closePayment: (payment) => closePayment(settings, ask, payment),
    refund: (refund) => requestRefund(settings, ask, refund),
    queryRefund: (refund) => queryRefund(ask, refund),
  };
}

function tradePath(orderId: string, rest = ''): string {
  return `/v3/pay/transactions/out-trade-no/${encodeURIComponent(orderId)}${rest}`;
}

async function queryPayment(
  settings: WechatBot,
  ask: Ask,
  { gatewayOrderId }: PaymentReference,
): Promise<GatewayPaymentState> {
  const question: Question = {
    provider: 'wechat',
    what: 'query',
    about: { order_no: gatewayOrderId },
    method: 'GET',
    path: tradePath(gatewayOrderId, `?mchid=${encodeURIComponent(settings.mchId)}`),
  };
  const reply = await ask(question);
  if (reply.status === 404) return unknownPayment(errorCode(reply) ?? undefined);
  const answer = understand(question, reply, transaction);
  if (answer.out_trade_no !== gatewayOrderId) throw unreachable(question, 'the answer is about another order');
  if (answer.mchid !== settings.mchId || !settings.appIds.includes(answer.appid))
    throw unreachable(question, 'the answer is about another merchant or app');
  return {
    status: paymentStatus(answer.trade_state),
    providerStatus: cleanText(answer.trade_state),
    providerPaymentId: answer.transaction_id ? cleanText(answer.transaction_id) : null,
    amount: namedMoney(answer.amount?.total, answer.amount?.currency).amount,
    paidAt: isoDateOf(answer.success_time),
    // all of it or a part: it does not say
    ...(answer.trade_state === 'REFUND' ? { givenBack: true } : {}),
  };
}

/** Codes that say: there is nothing to pay any more, or there never was. */
const CLOSED: readonly string[] = ['ORDER_CLOSED', 'ORDERCLOSED', 'TRADE_CLOSED'];

async function closePayment(settings: WechatBot, ask: Ask, { gatewayOrderId }: PaymentReference): Promise<void> {
  const question: Question = {
    provider: 'wechat',
    what: 'close',
    about: { order_no: gatewayOrderId },
    method: 'POST',
    path: tradePath(gatewayOrderId, '/close'),
    fields: { mchid: settings.mchId },
  };
  const reply = await ask(question);
  if (reply.status === 204 || reply.status === 404 || CLOSED.includes(errorCode(reply) ?? '')) return;
  understand(question, reply, z.unknown());
}

async function requestRefund(settings: WechatBot, ask: Ask, refund: RefundOrder): Promise<RefundState> {
  const question: Question = {
    provider: 'wechat',
    what: 'refund',
    about: { order_no: refund.gatewayOrderId, refund_id: refund.refundId },
    method: 'POST',
    path: '/v3/refund/domestic/refunds',
    fields: {
      // Never by transaction_id: a repeat must have the same content, whether or not a notice has told that id meanwhile.
      out_trade_no: refund.gatewayOrderId,
      out_refund_no: refund.refundId,
      reason: shortened(refund.reason, LONGEST_REASON),
      notify_url: withoutQuery(settings.refundNotifyUrl ?? refund.notifyUrl),
      amount: { refund: refund.amount.minor, total: refund.paymentAmount.minor, currency: refund.amount.currency },
    },
  };
  return refundState(question, understand(question, await ask(question), refundAnswer), refund);
}

async function queryRefund(ask: Ask, { refundId, gatewayOrderId }: RefundReference): Promise<RefundState> {
  const question: Question = {
    provider: 'wechat',
    what: 'query refund',
    about: { order_no: gatewayOrderId, refund_id: refundId },
    method: 'GET',
    path: `/v3/refund/domestic/refunds/${encodeURIComponent(refundId)}`,
  };
  const reply = await ask(question);
  if (reply.status === 404) return unknownRefund(errorCode(reply) ?? undefined);
  return refundState(question, understand(question, reply, refundAnswer), { refundId, gatewayOrderId });
}

function refundState(
  question: Question,
  answer: z.output<typeof refundAnswer>,
  asked: Pick<RefundOrder, 'refundId' | 'gatewayOrderId'> & Partial<RefundOrder>,
): RefundState {
  if (answer.out_refund_no !== asked.refundId) throw unreachable(question, 'the answer is about another refund');
  if (answer.out_trade_no !== undefined && answer.out_trade_no !== asked.gatewayOrderId)
    throw unreachable(question, 'the answer is about another order');
  if (asked.amount && namesOtherMoney(asked.amount, answer.amount?.refund, answer.amount?.currency))
    throw unreachable(question, 'the answer names another amount');
  return {
    status: refundStatus(answer.status),
    providerRefundId: cleanText(answer.refund_id),
    providerStatus: cleanText(answer.status),
  };
}
