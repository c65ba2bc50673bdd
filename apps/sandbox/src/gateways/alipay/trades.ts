import { formatAmount, parseAmount, randomToken } from '@mingdan/kernel';
import { z } from 'zod';
import { type Payment, Refused, type Till } from '../contract.ts';
import { chinaTime, fromChinaTime, type Parameters } from './sign.ts';

/** A code to scan lives for two hours by itself, a page for fifteen days. */
const QR_LIFE_MS = 2 * 3_600_000;
const PAGE_LIFE_MS = 15 * 24 * 3_600_000;

const order = z.object({ out_trade_no: z.string().regex(/^\w[\w-]{0,63}$/) });
const goods = order.extend({
  total_amount: z.string().regex(/^\d{1,9}(\.\d{1,2})?$/),
  subject: z
    .string()
    .min(1)
    .max(256)
    .regex(/^[^/=&]*$/),
  time_expire: z
    .string()
    .refine((text) => !Number.isNaN(fromChinaTime(text)))
    .optional(),
  product_code: z.string().optional(),
});
const refundInput = order.extend({
  refund_amount: z.string().regex(/^\d{1,9}(\.\d{1,2})?$/),
  out_request_no: z.string().min(1).max(64).optional(),
  refund_reason: z.string().max(256).default(''),
});
const refundQuery = order.extend({ out_request_no: z.string() });

/** What opens a trade at the buyer's, and the product that it belongs to. */
const PRODUCTS: Readonly<Record<string, string>> = {
  'alipay.trade.page.pay': 'FAST_INSTANT_TRADE_PAY',
  'alipay.trade.wap.pay': 'QUICK_WAP_WAY',
  'alipay.trade.app.pay': 'QUICK_MSECURITY_PAY',
};

/** What each method answers, without `code` and `msg`. @throws Refused with Alipay's sub-code */
export const methods: Readonly<Record<string, (till: Till, parameters: Parameters) => object>> = {
  'alipay.trade.precreate': (till, parameters) => {
    const payment = openTrade(till, parameters, QR_LIFE_MS);
    if (payment.status === 'paid') throw business('ACQ.TRADE_HAS_SUCCESS', '交易已被支付');
    if (payment.status === 'closed') throw business('ACQ.TRADE_HAS_CLOSE', '交易已经关闭');
    return { out_trade_no: payment.orderId, qr_code: payment.codes[0] };
  },
  'alipay.trade.query': (till, parameters) => show(till, trade(till, parameters)),
  'alipay.trade.close': (till, parameters) => {
    const payment = trade(till, parameters);
    if (payment.status === 'paid') throw business('ACQ.TRADE_STATUS_ERROR', '交易状态不合法');
    if (payment.status === 'closed') throw business('ACQ.REASON_TRADE_STATUS_INVALID', '交易状态异常');
    till.close(payment);
    return { out_trade_no: payment.orderId, trade_no: payment.paymentId };
  },
  'alipay.trade.refund': giveBack,
  'alipay.trade.fastpay.refund.query': (till, parameters) => {
    const payment = trade(till, parameters);
    const { out_request_no } = refundQuery.parse(content(parameters));
    const refund = till.ledger.refundsOf(payment).find(({ refundId }) => refundId === out_request_no);
    // What is not done yet is not told apart from what was never asked for.
    if (refund?.status !== 'succeeded') return {};
    return {
      out_trade_no: payment.orderId,
      trade_no: refund.chargeId,
      out_request_no,
      total_amount: formatAmount(payment.amount),
      refund_amount: formatAmount(refund.amount),
      refund_status: 'REFUND_SUCCESS',
    };
  },
};

export function isPage(method: string | undefined): boolean {
  return method !== undefined && Object.hasOwn(PRODUCTS, method);
}

/** A page or an app opens the trade when the buyer does, not before. @throws Refused */
export function openPage(till: Till, parameters: Parameters): Payment {
  const { product_code } = goods.parse(content(parameters));
  if (product_code !== PRODUCTS[parameters.method ?? ''])
    throw new Refused(40002, 'isv.invalid-parameter', 'product_code does not belong to this method');
  return openTrade(till, parameters, PAGE_LIFE_MS);
}

/** The same number again is the same trade, where all it says is the same. */
function openTrade({ ledger }: Till, parameters: Parameters, lifeMs: number): Payment {
  const wanted = goods.parse(content(parameters));
  const amount = parseAmount(wanted.total_amount, 'CNY');
  const known = ledger.find(wanted.out_trade_no);
  if (known && (known.amount.minor !== amount.minor || known.subject !== wanted.subject))
    throw business('ACQ.CONTEXT_INCONSISTENT', '交易信息被篡改');
  if (known) return known;
  const expiresAt = wanted.time_expire === undefined ? Date.now() + lifeMs : fromChinaTime(wanted.time_expire);
  if (expiresAt <= Date.now()) throw business('ACQ.TRADE_HAS_CLOSE', '交易已经关闭');
  if (amount.minor < 1) throw business('ACQ.TOTAL_FEE_EXCEED', '订单总金额不在允许范围内');
  return ledger.create({
    orderId: wanted.out_trade_no,
    amount,
    subject: wanted.subject,
    notifyUrl: parameters.notify_url ?? '',
    returnUrl: parameters.return_url ?? '',
    expiresAt,
    codes: [`https://qr.alipay.com/bax0${randomToken(9)}`],
  });
}

/** Before a buyer has looked at it there is no trade. */
function trade({ ledger }: Till, parameters: Parameters): Payment {
  const { out_trade_no, trade_no } = order
    .partial()
    .extend({ trade_no: z.string().optional() })
    .parse(content(parameters));
  const payment = ledger.find(trade_no ?? out_trade_no ?? '');
  if (!payment || payment.openedAt === null) throw business('ACQ.TRADE_NOT_EXIST', '交易不存在');
  return payment;
}

function giveBack(till: Till, parameters: Parameters): object {
  const payment = trade(till, parameters);
  const input = refundInput.parse(content(parameters));
  const amount = parseAmount(input.refund_amount, 'CNY');
  const refundId = input.out_request_no ?? payment.orderId;
  const known = till.ledger.refunds.get(refundId);
  // One that failed for want of money may be asked for again.
  if (known?.status === 'failed') till.ledger.refunds.delete(refundId);
  if (payment.charges.length === 0) throw business('ACQ.TRADE_STATUS_ERROR', '交易状态不合法');
  if (!known && isGivenBack(till, payment)) throw business('ACQ.TRADE_HAS_CLOSE', '交易已经关闭');
  const { refund, created } = asked(() => till.refund(payment, { refundId, amount, reason: input.refund_reason }));
  if (refund.status === 'failed') throw business('ACQ.SELLER_BALANCE_NOT_ENOUGH', '卖家余额不足');
  return {
    out_trade_no: payment.orderId,
    trade_no: refund.chargeId,
    fund_change: created && refund.status === 'succeeded' ? 'Y' : 'N',
    // Of the whole trade, not of this refund.
    refund_fee: refundFee(till, payment),
  };
}

const REFUSALS: Readonly<Record<string, string>> = {
  refund_id_taken: 'ACQ.DISCORDANT_REPEAT_REQUEST',
  amount_exceeds_paid: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL',
};

function asked<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw business(REFUSALS[error.code] ?? 'ACQ.TRADE_NOT_ALLOW_REFUND', error.message);
  }
}

function show(till: Till, payment: Payment): object {
  const [charge] = payment.charges;
  const amount = formatAmount(charge?.amount ?? payment.amount);
  return {
    out_trade_no: payment.orderId,
    trade_no: charge?.paymentId ?? payment.paymentId,
    trade_status: tradeStatus(till, payment),
    total_amount: amount,
    buyer_logon_id: '159****5620',
    buyer_user_id: '2088102534368455',
    ...(charge && { send_pay_date: chinaTime(charge.at), buyer_pay_amount: amount, receipt_amount: amount }),
  };
}

export function tradeStatus(till: Till, payment: Payment): string {
  if (payment.status === 'closed' || isGivenBack(till, payment)) return 'TRADE_CLOSED';
  return payment.status === 'paid' ? 'TRADE_SUCCESS' : 'WAIT_BUYER_PAY';
}

/** All that went back of the trade so far, as every word about refunds has it. */
export function refundFee({ ledger }: Till, payment: Payment): string {
  const done = ledger.refundsOf(payment).filter(({ status }) => status === 'succeeded');
  return formatAmount({ minor: done.reduce((sum, { amount }) => sum + amount.minor, 0), currency: 'CNY' });
}

function isGivenBack(till: Till, payment: Payment): boolean {
  const received = till.ledger.receivedMinor(payment);
  return received > 0 && parseAmount(refundFee(till, payment), 'CNY').minor >= received;
}

function content(parameters: Parameters): unknown {
  try {
    return JSON.parse(parameters.biz_content ?? '{}');
  } catch {
    throw new Refused(40002, 'isv.invalid-parameter', 'biz_content is no JSON');
  }
}

/** The "status" of a refusal is Alipay's own code. */
function business(subCode: string, message: string): Refused {
  return new Refused(40004, subCode, message);
}
