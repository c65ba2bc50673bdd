import { formatAmount } from '@mingdan/kernel';
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
} from '../../contract.ts';
import { readAnswer } from '../../gateway-answer.ts';
import { alreadyPaid, refused, unreachable } from '../../gateway-call.ts';
import { cleanText } from '../../wire-text.ts';
import { type Alipay, type Answer, openAlipay, type Question } from './ask.ts';
import { refusalOf } from './refusals.ts';
import type { AlipayBot } from './settings.ts';
import { chinaTime, dateOf, namedMoney, tradeKind } from './wire.ts';

/** A code to scan lives for two hours from its making, however long the trade does. */
const QR_LIFE_MS = 2 * 3_600_000;

const precreateAnswer = z.object({ out_trade_no: z.string(), qr_code: z.string().min(1).max(1024) });
const tradeAnswer = z.object({
  out_trade_no: z.string(),
  trade_no: z.string().min(1),
  trade_status: z.string(),
  total_amount: z.string().nullish(),
  send_pay_date: z.string().nullish(),
  refund_fee: z.string().nullish(),
});
const closeAnswer = z.object({ out_trade_no: z.string().nullish() });
const refundAnswer = z.object({ out_trade_no: z.string(), fund_change: z.string().nullish() });
const refundQueryAnswer = z.object({
  out_trade_no: z.string().nullish(),
  out_request_no: z.string().nullish(),
  refund_status: z.string().nullish(),
  refund_amount: z.string().nullish(),
});

export function createClient(settings: AlipayBot, tools: ClientTools): PaymentClient {
  const alipay = openAlipay(settings, tools);
  return {
    provider: 'alipay',
    createPayment: (request) => createPayment(alipay, settings, tools, request),
    queryPayment: ({ gatewayOrderId }) => queryPayment(alipay, gatewayOrderId),
    closePayment: ({ gatewayOrderId }) => closePayment(alipay, gatewayOrderId),
    refund: (refund) => requestRefund(alipay, refund),
    queryRefund: (refund) => queryRefund(alipay, refund),
  };
}

async function createPayment(
  alipay: Alipay,
  settings: AlipayBot,
  tools: ClientTools,
  request: CreatePayment,
): Promise<CreatedPayment> {
  const question = questionFor('create', 'alipay.trade.precreate', { order_no: request.gatewayOrderId });
  if (request.amount.currency !== 'CNY')
    throw refused(question, `asked in ${request.amount.currency}`, 'Alipay is asked in CNY only');
  const returnUrl = settings.returnUrl ?? request.returnUrl;
  const goods = {
    out_trade_no: request.gatewayOrderId,
    total_amount: formatAmount(request.amount),
    subject: subjectFor(request.subject),
    // Absolute, so that a page that is opened late does not live longer than the order.
    time_expire: chinaTime(request.expiresAt),
  };
  const urls = { notify_url: request.notifyUrl, return_url: returnUrl };
  switch (request.method) {
    case 'ALIPAY_WEB':
      return link(alipay.page('alipay.trade.page.pay', urls, { ...goods, product_code: 'FAST_INSTANT_TRADE_PAY' }));
    case 'ALIPAY_WAP':
      return link(
        alipay.page('alipay.trade.wap.pay', urls, { ...goods, product_code: 'QUICK_WAP_WAY', quit_url: returnUrl }),
      );
    case 'ALIPAY_APP': {
      const { notify_url } = urls;
      const business = { ...goods, product_code: 'QUICK_MSECURITY_PAY' };
      const orderString = alipay.signed('alipay.trade.app.pay', { notify_url }, business);
      return { providerPaymentId: null, paymentUrl: null, clientParams: { orderString } };
    }
    case 'ALIPAY_QR':
      return precreate(alipay, tools, { ...question, common: { notify_url: urls.notify_url }, business: goods });
    default:
      throw refused(question, `has no method ${request.method}`, 'Methods are ALIPAY_WEB, _WAP, _APP and _QR');
  }
}

function link(paymentUrl: string): CreatedPayment {
  return { providerPaymentId: null, paymentUrl };
}

/** The gateway refuses `/ = &` in it; their full-width forms read the same. */
function subjectFor(subject: string): string {
  const allowed = subject
    .toWellFormed()
    .replace(/\p{Cc}/gu, ' ')
    .replace(/\//g, '／')
    .replace(/=/g, '＝');
  return [...allowed.replace(/&/g, '＆')].slice(0, 256).join('');
}

async function precreate(alipay: Alipay, tools: ClientTools, question: Question): Promise<CreatedPayment> {
  const business = { ...question.business, product_code: 'FACE_TO_FACE_PAYMENT' };
  const answer = await alipay.ask({ ...question, business });
  const { out_trade_no, qr_code } = understand(question, answer, precreateAnswer);
  aboutOrder(question, out_trade_no, String(question.business.out_trade_no));
  const shownUntil = new Date(tools.clock.now().getTime() + QR_LIFE_MS);
  return { providerPaymentId: null, paymentUrl: null, qrCode: qr_code, shownUntil };
}

async function queryPayment(alipay: Alipay, orderId: string): Promise<GatewayPaymentState> {
  const business = { out_trade_no: orderId };
  const question = { ...questionFor('query', 'alipay.trade.query', { order_no: orderId }), business };
  const reply = await alipay.ask(question);
  // Alipay opens the trade when the buyer does: the page was not looked at yet.
  if (reply.subCode === 'ACQ.TRADE_NOT_EXIST')
    return { status: 'pending', providerStatus: reply.subCode, providerPaymentId: null, amount: null, paidAt: null };
  const answer = understand(question, reply, tradeAnswer);
  aboutOrder(question, answer.out_trade_no, orderId);
  const status = paymentStatus(answer);
  return {
    status,
    providerStatus: cleanText(answer.trade_status),
    providerPaymentId: cleanText(answer.trade_no),
    amount: namedMoney(answer.total_amount).amount,
    paidAt: dateOf(answer.send_pay_date),
    ...(status === 'paid' && tradeKind(answer.trade_status) === 'expired' ? { givenBack: true } : {}),
  };
}

/** A trade is closed too when all of it was given back: then it says when it was paid, which one that timed out does not. */
function paymentStatus(answer: z.output<typeof tradeAnswer>): GatewayPaymentState['status'] {
  const kind = tradeKind(answer.trade_status);
  if (kind === 'paid') return 'paid';
  if (kind === 'expired') {
    const refunded = namedMoney(answer.refund_fee).amount?.minor ?? 0;
    return answer.send_pay_date || refunded > 0 ? 'paid' : 'closed';
  }
  return answer.trade_status === 'WAIT_BUYER_PAY' ? 'pending' : 'unknown';
}

/** Said of a trade that cannot be closed any more. Which end it had is asked then. */
const ENDED = ['ACQ.TRADE_STATUS_ERROR', 'ACQ.REASON_TRADE_STATUS_INVALID', 'ACQ.REASON_ILLEGAL_STATUS'];

async function closePayment(alipay: Alipay, orderId: string): Promise<void> {
  const business = { out_trade_no: orderId };
  const question = { ...questionFor('close', 'alipay.trade.close', { order_no: orderId }), business };
  const reply = await alipay.ask(question);
  // What was never opened needs no closing. Its page can still open it until `time_expire`.
  if (reply.subCode === 'ACQ.TRADE_NOT_EXIST') return;
  if (ENDED.includes(reply.subCode ?? '')) {
    const { status, providerStatus } = await queryPayment(alipay, orderId);
    if (status === 'closed') return;
    if (status === 'paid') throw alreadyPaid(question);
    throw unreachable(question, `it is not closed but ${providerStatus}`);
  }
  aboutOrder(question, understand(question, reply, closeAnswer).out_trade_no, orderId);
}

async function requestRefund(alipay: Alipay, refund: RefundOrder): Promise<RefundState> {
  const { gatewayOrderId, refundId } = refund;
  const about = { order_no: gatewayOrderId, refund_id: refundId };
  const question = {
    ...questionFor('refund', 'alipay.trade.refund', about),
    business: {
      out_trade_no: gatewayOrderId,
      refund_amount: formatAmount(refund.amount),
      out_request_no: refundId,
      refund_reason: subjectFor(refund.reason),
    },
  };
  const reply = await alipay.ask(question);
  // Everything of the trade went back, perhaps by this very refund whose answer was lost.
  if (reply.subCode === 'ACQ.TRADE_HAS_CLOSE') {
    const state = await queryRefund(alipay, refund);
    if (state.status === 'succeeded') return state;
  }
  const answer = understand(question, reply, refundAnswer);
  aboutOrder(question, answer.out_trade_no, gatewayOrderId);
  const providerStatus = `fund_change=${cleanText(answer.fund_change ?? 'none')}`;
  // N: no money moved in this call. It is a repeat, or not done yet: the query tells.
  return { status: answer.fund_change === 'Y' ? 'succeeded' : 'pending', providerRefundId: null, providerStatus };
}

async function queryRefund(
  alipay: Alipay,
  { gatewayOrderId, refundId }: Pick<RefundReference, 'gatewayOrderId' | 'refundId'>,
): Promise<RefundState> {
  const about = { order_no: gatewayOrderId, refund_id: refundId };
  const business = { out_trade_no: gatewayOrderId, out_request_no: refundId };
  const question = { ...questionFor('query refund', 'alipay.trade.fastpay.refund.query', about), business };
  const reply = await alipay.ask(question);
  if (reply.subCode === 'ACQ.TRADE_NOT_EXIST') return refundState('unknown', reply.subCode);
  const answer = understand(question, reply, refundQueryAnswer);
  aboutOrder(question, answer.out_trade_no, gatewayOrderId);
  if (answer.out_request_no && answer.out_request_no !== refundId)
    throw unreachable(question, 'the answer is about another refund');
  const status = answer.refund_status ?? null;
  // That the question was understood (10000) says nothing of the refund. Older answers name its amount and no status.
  if (status === 'REFUND_SUCCESS' || (status === null && answer.refund_amount))
    return refundState('succeeded', status ?? 'refund_amount');
  return refundState('unknown', status ?? 'none');
}

function refundState(status: RefundState['status'], providerStatus: string): RefundState {
  return { status, providerRefundId: null, providerStatus: cleanText(providerStatus) };
}

function questionFor(what: Question['what'], method: Question['method'], about: Question['about']): Question {
  return { provider: 'alipay', what, method, about, common: {}, business: {} };
}

/** A good answer by its schema; everything else is thrown. */
function understand<T>(question: Question, answer: Answer, schema: z.ZodType<T>): T {
  if (answer.code !== '10000') throw refusalOf(question, answer);
  return readAnswer(question, answer.fields, schema);
}

function aboutOrder(question: Question, named: string | null | undefined, asked: string): void {
  if (named && named !== asked) throw unreachable(question, 'the answer is about another order');
}
