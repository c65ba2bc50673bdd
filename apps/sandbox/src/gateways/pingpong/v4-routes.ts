import { isCurrency, type Money, parseAmount } from '@mingdan/kernel';
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { bytesOf, rawBody, serviceDoor } from '../../service-door.ts';
import { type Desk, type Payment, type Refund, Refused, type Till } from '../contract.ts';
import type { PingPongKeys, V4Keys } from './keys.ts';
import { isV4, v4Money } from './v4-notices.ts';
import { isV4Signed, v4Sign } from './v4-sign.ts';

const text = z.string().min(1).max(64);
const address = z
  .url()
  .max(255)
  .refine((url) => !url.includes('?'), 'must carry no parameters');

const prePayInput = z.object({
  captureDelayHours: z.coerce.string().pipe(z.literal('0')),
  amount: z.string(),
  currency: z.string(),
  merchantTransactionId: text,
  shopperIP: text,
  payResultUrl: z.string().default(''),
  payCancelUrl: z.string().min(1),
  notificationUrl: address,
  closeNotificationUrl: address.optional(),
  /** unix seconds */
  timeExpire: z.coerce.number().int().positive().optional(),
  goods: z.array(z.looseObject({ name: z.string() })).default([]),
});
const queryInput = z
  .object({ transactionId: text.optional(), merchantTransactionId: text.optional() })
  .refine((wish) => wish.transactionId ?? wish.merchantTransactionId, 'one of the two ids is needed');
const refundInput = z.object({
  merchantTransactionId: text,
  merchantRefundId: text,
  amount: z.string(),
  currency: z.string(),
  notificationUrl: address.optional(),
  remark: z.string().max(32).default(''),
});
const refundQueryInput = z
  .object({ refundId: text.optional(), merchantRefundId: text.optional(), merchantTransactionId: text })
  .refine((wish) => wish.refundId ?? wish.merchantRefundId, 'one of the two ids is needed');

/** What is asked, as a number of six digits and content. HTTP is 200 whatever happens. */
type Answer = readonly [code: string, content: Readonly<Record<string, unknown>>];

/** The acquirer API v4. Payments close by their time; there is no call for it. */
export function v4Routes(desk: Desk<PingPongKeys>): Router {
  const { till, keys, door, pageOf } = desk;
  const api = express.Router();
  const broken = serviceDoor(
    door,
    'pingpong',
    (req) => `${req.method} /v4${req.path}`,
    (res, status) => {
      res.status(status).json({ code: '600000', description: 'the control panel asked for this failure' });
    },
  );
  api.use(rawBody, broken);
  const on = (path: string, work: (content: unknown) => Answer): void => {
    api.post(path, (req, res) => answer(keys.v4, req, res, work));
  };
  on('/payment/prePay', (content) => {
    const payment = prePay(till, prePayInput.parse(content));
    const token = `EU:${payment.paymentId}`;
    return [
      '000000',
      { ...named(payment), ...plainMoney(payment.amount), token, innerJsUrl: '', paymentUrl: pageOf(payment) },
    ];
  });
  on('/payment/query', (content) => {
    const wish = queryInput.parse(content);
    return ['001000', show(paymentOf(till, wish.transactionId ?? wish.merchantTransactionId ?? ''))];
  });
  on('/payment/refund', (content) => {
    const refund = giveBack(till, refundInput.parse(content));
    return [refund.status === 'pending' ? '002000' : '000000', showRefund(refund)];
  });
  on('/refund/query', (content) => {
    const wish = refundQueryInput.parse(content);
    paymentOf(till, wish.merchantTransactionId);
    return ['001000', showRefund(till.ledger.getRefund(wish.merchantRefundId ?? wish.refundId ?? ''))];
  });
  return express.Router().use('/v4', api);
}

/** A repeated merchantTransactionId is the same payment, and changes nothing of it. */
function prePay(till: Till, input: z.infer<typeof prePayInput>): Payment {
  const known = till.ledger.find(input.merchantTransactionId);
  if (known && (known.status === 'paid' || !isV4(known))) throw new Refused(409, '107000', 'Duplicate transaction');
  if (known?.status === 'closed') throw new Refused(409, '105000', 'The transaction has expired');
  return (
    known ??
    till.ledger.create({
      orderId: input.merchantTransactionId,
      amount: money(input.amount, input.currency),
      subject: input.goods.map(({ name }) => name).join(', '),
      notifyUrl: input.notificationUrl,
      returnUrl: input.payResultUrl,
      expiresAt: input.timeExpire === undefined ? Date.now() + 1_800_000 : input.timeExpire * 1_000,
      details: { protocol: 'v4', closeNotificationUrl: input.closeNotificationUrl ?? '' },
    })
  );
}

function giveBack(till: Till, input: z.infer<typeof refundInput>): Refund {
  const payment = paymentOf(till, input.merchantTransactionId);
  return till.refund(payment, {
    refundId: input.merchantRefundId,
    amount: money(input.amount, input.currency),
    reason: input.remark,
    ...(input.notificationUrl === undefined ? {} : { notifyUrl: input.notificationUrl }),
  }).refund;
}

function paymentOf(till: Till, id: string): Payment {
  const payment = till.ledger.get(id);
  if (!isV4(payment)) throw new Refused(404, 'order_not_found', 'it was made in another protocol');
  return payment;
}

function money(amount: string, currency: string): Money {
  if (!isCurrency(currency)) throw new Refused(422, '106000', 'Currency not supported');
  try {
    return parseAmount(amount, currency);
  } catch {
    throw new Refused(422, '102000', 'amount: not one of this currency');
  }
}

/** Their numbers for what the till refuses. */
const CODES: Readonly<Record<string, string>> = {
  order_not_found: '107001',
  refund_not_found: '107002',
  refund_id_taken: '107000',
  currency_mismatch: '108001',
  amount_exceeds_paid: '108000',
  bad_amount: '102000',
};

function answer(keys: V4Keys | undefined, req: Request, res: Response, work: (content: unknown) => Answer): void {
  if (!keys) return void res.json({ code: '103000', description: 'v4 is not set up here' });
  const reply = ([code, content]: Answer, description = 'Successful request'): void => {
    const { accId, clientId } = keys;
    const fields = { accId, bizContent: JSON.stringify(content), clientId, code, description, signType: 'SHA256' };
    res.json({ ...fields, sign: v4Sign(keys.salt, fields) });
  };
  try {
    reply(work(contentOf(keys, req)));
  } catch (error) {
    if (error instanceof Refused) reply([CODES[error.code] ?? error.code, {}], error.message);
    else if (error instanceof z.ZodError) reply(['102000', {}], z.prettifyError(error).slice(0, 200));
    else throw error;
  }
}

const envelope = z.looseObject({ accId: text, clientId: text, bizContent: z.string(), version: z.literal('1.0') });

function contentOf(keys: V4Keys, req: Request): unknown {
  const sent = envelope.parse(jsonOf(bytesOf(req).toString('utf8')));
  if (!isV4Signed(keys.salt, sent)) throw new Refused(401, '104000', 'Invalid signature');
  if (sent.accId !== keys.accId || sent.clientId !== keys.clientId)
    throw new Refused(401, '103000', 'Unknown merchant');
  if (/[<>]/.test(sent.bizContent)) throw new Refused(422, '102000', 'bizContent: no < or > please');
  return jsonOf(sent.bizContent);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, '102000', 'this is no JSON');
  }
}

const STATUS = {
  pending: 'INIT',
  processing: 'PROCESSING',
  paid: 'SUCCESS',
  failed: 'FAILED',
  closed: 'CLOSED',
} as const;

function named(payment: Payment) {
  return { transactionId: payment.paymentId, merchantTransactionId: payment.orderId };
}

/** As it was asked for: only answers to queries have six decimals. */
function plainMoney(amount: Money) {
  const { amount: long, currency } = v4Money(amount);
  return { amount: long.replace(/\.?0+$/, ''), currency };
}

/** What came in counts, where something did. */
function show(payment: Payment) {
  const [charge] = payment.charges;
  return {
    ...named(payment),
    ...v4Money(charge?.amount ?? payment.amount),
    status: STATUS[payment.status],
    resultCode: payment.status === 'paid' ? '000000' : '002000',
    transactionTime: String(Date.parse(payment.createdAt)),
    ...(charge && { transactionId: charge.paymentId, transactionEndingTime: String(Date.parse(charge.at)) }),
    captureDelayHours: 0,
  };
}

const REFUND_STATUS = { succeeded: 'SUCCESS', pending: 'PROCESSING', failed: 'FAILED' } as const;

function showRefund(refund: Refund) {
  return {
    refundId: refund.gatewayRefundId,
    merchantRefundId: refund.refundId,
    transactionId: refund.chargeId,
    merchantTransactionId: refund.orderId,
    ...v4Money(refund.amount),
    status: REFUND_STATUS[refund.status],
    refundTime: String(Date.parse(refund.at)),
  };
}
