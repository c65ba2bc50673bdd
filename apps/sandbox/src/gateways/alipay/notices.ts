import { randomBytes } from 'node:crypto';
import { formatAmount } from '@mingdan/kernel';
import type { Charge, Desk, Notice, Payment, Refund, TillEvent } from '../contract.ts';
import type { AlipayKeys } from './keys.ts';
import { chinaTime, signedForm } from './sign.ts';
import { refundFee, tradeStatus } from './trades.ts';

/** What is told of an event, always at the payment's own address: refunds too. A buyer's failed try is told to nobody. */
export function noticesOf(desk: Desk<AlipayKeys>, event: TillEvent): Notice[] {
  const { payment } = event;
  if (event.kind === 'paid')
    return [notice(desk, payment, { ...paidFields(event.charge), trade_status: 'TRADE_SUCCESS' })];
  if (event.kind === 'refund')
    return event.refund.status === 'succeeded'
      ? [notice(desk, payment, refundFields(desk, payment, event.refund))]
      : [];
  // Told late, of the time before it was paid: nothing may come of it.
  if (event.kind === 'failed' && payment.status === 'paid')
    return [notice(desk, payment, { trade_status: 'WAIT_BUYER_PAY' })];
  if (event.kind === 'closed' && payment.openedAt !== null)
    return [notice(desk, payment, { trade_status: 'TRADE_CLOSED', gmt_close: chinaTime(Date.now()) })];
  return [];
}

/** A signed notice with these fields beside the usual ones. */
export function notice(
  { keys }: Desk<AlipayKeys>,
  payment: Payment,
  fields: Readonly<Record<string, unknown>>,
): Notice {
  const own = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
  const body = { ...commonFields(keys, payment), trade_status: 'TRADE_SUCCESS', ...own };
  const form = signedForm(keys.alipayPrivateKey, body);
  return {
    url: payment.notifyUrl,
    orderId: payment.orderId,
    says: body.trade_status,
    body,
    sign: () => ({ headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }, body: form }),
  };
}

function commonFields(keys: AlipayKeys, payment: Payment): Record<string, string> {
  return {
    notify_id: randomBytes(17).toString('hex'),
    notify_type: 'trade_status_sync',
    notify_time: chinaTime(Date.now()),
    charset: 'utf-8',
    version: '1.0',
    app_id: keys.appId,
    auth_app_id: keys.appId,
    seller_id: keys.sellerId,
    seller_email: 'sandbox@example.com',
    buyer_id: '2088102534368455',
    buyer_logon_id: '159****5620',
    out_trade_no: payment.orderId,
    trade_no: payment.charges[0]?.paymentId ?? payment.paymentId,
    subject: payment.subject,
    total_amount: formatAmount(payment.charges[0]?.amount ?? payment.amount),
    gmt_create: chinaTime(payment.openedAt ?? payment.createdAt),
  };
}

function paidFields({ paymentId, amount, at }: Charge): Record<string, string> {
  const paid = formatAmount(amount);
  return {
    trade_no: paymentId,
    total_amount: paid,
    receipt_amount: paid,
    invoice_amount: paid,
    buyer_pay_amount: paid,
    point_amount: '0.00',
    fund_bill_list: JSON.stringify([{ amount: paid, fundChannel: 'ALIPAYACCOUNT' }]),
    gmt_payment: chinaTime(at),
  };
}

/** As of the payment, with all that went back so far; whole refunds close the trade. */
function refundFields({ till }: Desk<AlipayKeys>, payment: Payment, refund: Refund): Record<string, string> {
  const charge = payment.charges.find(({ paymentId }) => paymentId === refund.chargeId);
  return {
    ...(charge && paidFields(charge)),
    trade_status: tradeStatus(till, payment),
    refund_fee: refundFee(till, payment),
    gmt_refund: `${chinaTime(refund.at)}.${refund.at.slice(20, 23)}`,
    out_biz_no: refund.refundId,
  };
}
