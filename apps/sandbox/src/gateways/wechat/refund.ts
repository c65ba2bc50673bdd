import { z } from 'zod';
import { type Desk, type Payment, Refused } from '../contract.ts';
import type { WechatKeys } from './keys.ts';
import { showRefund } from './show.ts';

export const refundInput = z
  .object({
    transaction_id: z.string().optional(),
    out_trade_no: z.string().optional(),
    out_refund_no: z.string().regex(/^[0-9A-Za-z_\-|*@]{1,64}$/),
    reason: z
      .string()
      .refine((text) => Buffer.byteLength(text) <= 80, '退款原因过长')
      .optional(),
    notify_url: z
      .url({ protocol: /^https?$/ })
      .refine((url) => !/[?#]/.test(url), 'notify_url 不能携带参数')
      .optional(),
    amount: z.object({
      refund: z.number().int().positive(),
      total: z.number().int().positive(),
      currency: z.literal('CNY'),
    }),
  })
  .refine((sent) => (sent.transaction_id === undefined) !== (sent.out_trade_no === undefined), {
    message: 'transaction_id 与 out_trade_no 二选一',
  });

/** The same out_refund_no with the same content is the same refund, as it stands now. */
export function refundPayment({ till, webhookUrl }: Desk<WechatKeys>, input: z.infer<typeof refundInput>): object {
  const { ledger } = till;
  const payment = [...ledger.payments.values()].findLast((one) => isMeant(one, input));
  if (!payment) throw new Refused(404, 'RESOURCE_NOT_EXISTS', '订单不存在');
  const charge =
    payment.charges.find(({ paymentId }) => paymentId === input.transaction_id) ??
    payment.charges.find(({ amount }) => amount.minor === input.amount.total) ??
    payment.charges[0];
  if (!charge) throw new Refused(400, 'INVALID_REQUEST', '订单未支付，不能退款');
  // What was asked for; or what came in, where the panel had a buyer pay something else.
  if (![payment.amount.minor, charge.amount.minor].includes(input.amount.total))
    throw new Refused(400, 'INVALID_REQUEST', '订单金额不一致');
  try {
    const { refund } = till.refund(payment, {
      refundId: input.out_refund_no,
      amount: { minor: input.amount.refund, currency: charge.amount.currency },
      reason: input.reason ?? '',
      notifyUrl: input.notify_url ?? webhookUrl(),
    });
    return showRefund(payment, refund);
  } catch (error) {
    if (error instanceof Refused) throw new Refused(400, 'INVALID_REQUEST', `不能退款: ${error.message}`);
    throw error;
  }
}

function isMeant(payment: Payment, input: z.infer<typeof refundInput>): boolean {
  return input.transaction_id === undefined
    ? payment.orderId === input.out_trade_no
    : payment.charges.some(({ paymentId }) => paymentId === input.transaction_id);
}
