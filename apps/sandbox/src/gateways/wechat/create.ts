import { createHash } from 'node:crypto';
import { randomCode } from '@mingdan/kernel';
import { z } from 'zod';
import { type Desk, type Payment, Refused } from '../contract.ts';
import type { WechatKeys } from './keys.ts';

export const kinds = ['native', 'jsapi', 'app', 'h5'] as const;
type Kind = (typeof kinds)[number];

const DEFAULT_LIFE_MS = 2 * 3_600_000;
const SHORTEST_LIFE_MS = 60_000;

const notifyUrl = z
  .url({ protocol: /^https?$/ })
  .max(255)
  .refine((url) => !/[?#]/.test(url), 'notify_url 不能携带参数');

const input = z.object({
  appid: z.string().min(1).max(32),
  mchid: z.string().min(1).max(32),
  description: z
    .string()
    .min(1)
    .refine((text) => Buffer.byteLength(text) <= 127, '商品描述过长'),
  out_trade_no: z.string().regex(/^[0-9A-Za-z_\-|*]{6,32}$/),
  time_expire: z.iso.datetime({ offset: true }).optional(),
  attach: z.string().max(128).optional(),
  notify_url: notifyUrl,
  amount: z.object({ total: z.number().int().positive(), currency: z.literal('CNY').default('CNY') }),
  payer: z.object({ openid: z.string().min(1).max(128) }).optional(),
  scene_info: z
    .object({
      payer_client_ip: z.union([z.ipv4(), z.ipv6()]),
      h5_info: z.object({ type: z.string().min(1) }).optional(),
    })
    .optional(),
});
type Input = z.infer<typeof input>;

/** Opens a payment: the same number with the same content is the same one. */
export function create(desk: Desk<WechatKeys>, kind: Kind, sent: unknown): object {
  const wanted = input.parse(sent);
  checkMerchant(desk.keys, wanted);
  if (kind === 'jsapi' && !wanted.payer) throw new Refused(400, 'PARAM_ERROR', 'payer.openid 缺失');
  if (kind === 'h5' && !wanted.scene_info?.h5_info) throw new Refused(400, 'PARAM_ERROR', 'scene_info.h5_info 缺失');
  const content = createHash('sha256')
    .update(`${kind}\n${JSON.stringify(sent)}`)
    .digest('hex');
  const known = [...desk.till.ledger.payments.values()].findLast(({ orderId }) => orderId === wanted.out_trade_no);
  const payment = known ? again(known, content) : open(desk, kind, wanted, content);
  if (kind === 'native') return { code_url: payment.codes[0] };
  return kind === 'h5' ? { h5_url: desk.pageOf(payment) } : { prepay_id: payment.paymentId };
}

function checkMerchant(keys: WechatKeys, { appid, mchid }: Input): void {
  if (mchid !== keys.mchId) throw new Refused(400, 'PARAM_ERROR', 'mchid 与证书不符');
  if (!keys.appIds.includes(appid)) throw new Refused(400, 'APPID_MCHID_NOT_MATCH', 'appid 与 mchid 不匹配');
}

function again(payment: Payment, content: string): Payment {
  if (payment.status === 'paid') throw new Refused(400, 'ORDERPAID', '该订单已支付');
  if (payment.status === 'closed') throw new Refused(400, 'ORDER_CLOSED', '订单已关闭');
  if (payment.details['content'] !== content) throw new Refused(403, 'OUT_TRADE_NO_USED', '商户订单号重复');
  return payment;
}

function open({ till, keys }: Desk<WechatKeys>, kind: Kind, wanted: Input, content: string): Payment {
  const now = Date.now();
  const expiresAt = wanted.time_expire === undefined ? now + DEFAULT_LIFE_MS : Date.parse(wanted.time_expire);
  if (expiresAt < now + SHORTEST_LIFE_MS) throw new Refused(400, 'PARAM_ERROR', 'time_expire 须在一分钟之后');
  const prepayId = makePrepayId();
  return till.ledger.create({
    paymentId: prepayId,
    orderId: wanted.out_trade_no,
    amount: { minor: wanted.amount.total, currency: wanted.amount.currency },
    subject: wanted.description,
    notifyUrl: wanted.notify_url,
    expiresAt,
    codes: [`weixin://wxpay/bizpayurl?pr=${randomCode(9)}`, prepayId, `prepay_id=${prepayId}`],
    details: {
      kind,
      content,
      appid: wanted.appid || keys.appIds[0] || '',
      ...(wanted.payer && { openid: wanted.payer.openid }),
    },
  });
}

/** `wx`, the time, and more: 36 characters as the real ones. */
export function makePrepayId(): string {
  return `wx${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}${randomCode(20).toLowerCase()}`;
}
