import { type KeyObject, verify as verifySignature } from 'node:crypto';
import {
  ForgedNotice,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '../../contract.ts';
import { problemWhereNamed } from '../../wire-money.ts';
import { cleanText } from '../../wire-text.ts';
import type { AlipayWebhook } from './settings.ts';
import { ALGORITHM, dateOf, namedMoney, SIGN_TYPE, signedText, tradeKind } from './wire.ts';

type Fields = ReadonlyMap<string, string>;

export function createVerifier(settings: AlipayWebhook): NoticeVerifier {
  return {
    provider: 'alipay',
    // Seven bytes and not one more: everything else makes Alipay send it again.
    acknowledgement: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'success' },
    refusal: { contentType: 'text/plain; charset=utf-8', body: 'fail' },
    verify(notice) {
      const fields = formFields(notice.body);
      checkCharset(notice, fields);
      checkSignature(fields, settings.publicKeys);
      return paymentNotice(fields, settings);
    },
  };
}

/** Decoded once. Fields that came twice are refused: the signature covers one of them, and nobody can say which. */
function formFields(body: Buffer): Fields {
  const fields = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) {
    if (fields.has(name)) throw new ForgedNotice(`the field ${cleanText(name)} came more than once`);
    fields.set(name, value);
  }
  return fields;
}

/** It is the charset of our own requests: a notice in another one answers a payment that was not opened by this system. */
function checkCharset({ headers }: RawNotice, fields: Fields): void {
  const type = headers['content-type'];
  const inHeader = /charset\s*=\s*"?([^\s;"]+)/i.exec(typeof type === 'string' ? type : '')?.[1];
  for (const charset of [fields.get('charset'), inHeader]) {
    if (charset !== undefined && !/^utf-?8$/i.test(charset))
      throw new UnreadableNotice(`the notice is written in ${cleanText(charset)}, and only utf-8 is understood`);
  }
}

function checkSignature(fields: Fields, keys: readonly KeyObject[]): void {
  const sign = fields.get('sign');
  if (sign === undefined) throw new ForgedNotice('the field sign is missing');
  const signType = fields.get('sign_type');
  // The sender names it, so it must not choose the algorithm.
  if (signType !== SIGN_TYPE)
    throw new ForgedNotice(`sign_type is ${cleanText(signType ?? 'missing')}, and only ${SIGN_TYPE} is taken`);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(sign) || sign.length % 4 !== 0)
    throw new ForgedNotice('the field sign is not base64');
  const signed = Buffer.from(signedText(fields, 'notice'));
  const signature = Buffer.from(sign, 'base64');
  if (!keys.some((key) => verifySignature(ALGORITHM, signed, key, signature)))
    throw new ForgedNotice(
      "the field sign does not match under ALIPAY_PUBLIC_KEY, which must be Alipay's key and not that of the app",
    );
}

function paymentNotice(fields: Fields, settings: AlipayWebhook): PaymentNotice {
  const field = (name: string): string | null => cleanText(fields.get(name) ?? '') || null;
  const meaning = meaningOf(fields);
  const status = field('trade_status') ?? 'none';
  const tradeNo = field('trade_no');
  return {
    provider: 'alipay',
    eventId: [field('notify_id'), status, tradeNo ?? field('out_trade_no'), meaning.eventSuffix]
      .filter((part) => part !== null)
      .join(':'),
    kind: meaning.kind,
    gatewayOrderId: field('out_trade_no') ?? '',
    providerPaymentId: tradeNo,
    refundId: meaning.kind === 'refunded' ? field('out_biz_no') : null,
    amount: meaning.amount,
    refundedTotal: meaning.refundedTotal,
    merchantMatches: isForUs(fields, settings),
    problem: meaning.problem ?? (meaning.kind === 'paid' && tradeNo === null ? 'unreadable_payment_id' : null),
    occurredAt: dateOf(meaning.at) ?? dateOf(fields.get('notify_time')),
  };
}

interface Meaning extends Pick<PaymentNotice, 'kind' | 'amount' | 'problem'> {
  readonly refundedTotal: PaymentNotice['amount'];
  readonly at: string | undefined;
  readonly eventSuffix: string | null;
}

/** TRADE_SUCCESS and TRADE_CLOSED tell of refunds too: what tells them apart is whether anything is said of a refund. */
function meaningOf(fields: Fields): Meaning {
  const type = fields.get('notify_type');
  const kind = tradeKind(fields.get('trade_status') ?? '');
  const money = namedMoney(fields.get('total_amount'), fields.get('trans_currency'));
  if (type !== undefined && type !== 'trade_status_sync')
    return { ...nothing, problem: 'unknown_notice_type', at: undefined, eventSuffix: null };
  if (fields.get('refund_fee') || fields.get('gmt_refund')) return refundMeaning(fields);
  return {
    kind,
    amount: money.amount,
    problem: kind === 'paid' ? money.problem : problemWhereNamed(money),
    refundedTotal: null,
    at: fields.get(kind === 'expired' ? 'gmt_close' : 'gmt_payment'),
    eventSuffix: null,
  };
}

const nothing = { kind: 'pending', amount: null, problem: null, refundedTotal: null } as const;

/** `refund_fee` is all that was ever given back of the trade, so the amount of this one refund is not said. */
function refundMeaning(fields: Fields): Meaning {
  const fee = fields.get('refund_fee') ?? '';
  const total = namedMoney(fee, fields.get('trans_currency'));
  const told = {
    at: fields.get('gmt_refund'),
    eventSuffix: `refund:${cleanText(fields.get('out_biz_no') || fee)}`,
  };
  // Nothing was given back (yet). It is no payment notice either: the query tells.
  if (total.amount?.minor === 0) return { ...nothing, ...told };
  return { ...nothing, ...told, kind: 'refunded', problem: total.problem, refundedTotal: total.amount };
}

function isForUs(fields: Fields, { appId, sellerId }: AlipayWebhook): boolean {
  const seller = fields.get('seller_id');
  return fields.get('app_id') === appId && (sellerId === null || !seller || seller === sellerId);
}
