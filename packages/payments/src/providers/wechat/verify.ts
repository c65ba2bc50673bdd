import { verify as verifySignature } from 'node:crypto';
import {
  ForgedNotice,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '../../contract.ts';
import { singleHeader } from '../../signatures.ts';
import { cleanText, type Fields, fieldsOf, isoDateOf, jsonObject, textOf } from '../../wire-text.ts';
import type { PlatformKey, WechatWebhook } from './settings.ts';
import {
  HEADERS,
  keyId,
  LARGEST_OFFSET_SECONDS,
  namedMoney,
  noticeKind,
  openSealed,
  refundNoticeKind,
  SIGNATURE_TYPE,
  sealedSchema,
  signedBytes,
} from './wire.ts';

export function createVerifier(settings: WechatWebhook): NoticeVerifier {
  return {
    provider: 'wechat',
    // The status decides, the body does not: 200 with FAIL would count as accepted too.
    acknowledgement: { status: 200, contentType: 'application/json', body: '{"code":"SUCCESS"}' },
    refusal: { contentType: 'application/json; charset=utf-8', body: '{"code":"FAIL","message":"refused"}' },
    verify(notice, now) {
      refuseXml(notice.body);
      checkSignature(notice, settings.platformKeys, now);
      const envelope = jsonObject(notice.body);
      if (!envelope) throw new UnreadableNotice('the body is no JSON object');
      const fields = open(envelope, settings.apiV3Key);
      const isRefund = 'refund_status' in fields || /^REFUND\./.test(textOf(envelope.event_type) ?? '');
      return isRefund ? refundNotice(fields, settings) : paymentNotice(envelope, fields, settings);
    },
  };
}

/** Decided by its form, before any signature: API v2 has one inside its XML, made with another key. */
function refuseXml(body: Buffer): void {
  if (/^(?:\ufeff)?\s*</.test(body.subarray(0, 200).toString('utf8')))
    throw new UnreadableNotice(
      'this is XML, a notice of API v2: payments are opened with API v3 here, so look who else uses this notify URL with WECHAT_API_KEY',
    );
}

/**
 * The signature of a notice over its raw bytes, by the key that its header names.
 * @throws ForgedNotice saying what is wrong with it
 */
export function checkSignature(notice: RawNotice, keys: readonly PlatformKey[], now: Date): void {
  const timestamp = header(notice, HEADERS.timestamp);
  const nonce = header(notice, HEADERS.nonce);
  const serial = header(notice, HEADERS.serial);
  const signature = header(notice, HEADERS.signature);
  const type = singleHeader(notice, HEADERS.type);
  if (type !== null && type !== SIGNATURE_TYPE)
    throw new ForgedNotice(`the signature is said to be of another type than ${SIGNATURE_TYPE}`);
  if (!/^\d{1,12}$/.test(timestamp)) throw new ForgedNotice('Wechatpay-Timestamp is no time in seconds');
  const offset = Math.abs(now.getTime() / 1000 - Number(timestamp));
  if (offset >= LARGEST_OFFSET_SECONDS)
    throw new ForgedNotice(
      `it was signed ${Math.round(offset)} seconds away from our time: a repeat of an old notice, or a clock that is wrong`,
    );
  const key = keys.find(({ id }) => id === keyId(serial));
  if (!key)
    throw new ForgedNotice(
      `it is signed with the key ${cleanText(serial)}, which WECHAT_PLATFORM_KEY_ID does not name: WeChat Pay may have changed its key`,
    );
  const bytes = Buffer.from(signature, 'base64');
  const isBase64 = bytes.toString('base64') === signature;
  if (!isBase64 || !verifySignature('sha256', signedBytes(timestamp, nonce, notice.body), key.publicKey, bytes))
    throw new ForgedNotice('Wechatpay-Signature does not match the body under the platform key that it names');
}

function header(notice: RawNotice, name: string): string {
  const value = singleHeader(notice, name);
  if (value === null || value === '') throw new ForgedNotice(`the header ${name} is missing`);
  return value;
}

function open(envelope: Fields, apiV3Key: string): Fields {
  const sealed = sealedSchema.safeParse(envelope.resource);
  if (!sealed.success) throw new UnreadableNotice('it holds no resource sealed by AEAD_AES_256_GCM');
  const plain = openSealed(sealed.data, apiV3Key);
  if (!plain)
    throw new ForgedNotice(
      'what it holds does not open with WECHAT_API_V3_KEY: changed on its way, or sealed with another key',
    );
  const fields = jsonObject(plain);
  if (!fields) throw new UnreadableNotice('what it holds is no JSON object');
  return fields;
}

function paymentNotice(envelope: Fields, fields: Fields, ours: WechatWebhook): PaymentNotice {
  const state = textOf(fields.trade_state) ?? 'NONE';
  const amount = fieldsOf(fields.amount);
  const paymentId = textOf(fields.transaction_id);
  // `total` is what was asked for; `payer_total` is less where WeChat Pay itself paid a part of it (a coupon).
  const money = namedMoney(amount.total, amount.currency);
  return {
    provider: 'wechat',
    // By payment and state, not by the id of the notice: a later try may come with another one.
    eventId: `${state}:${paymentId ?? textOf(envelope.id) ?? textOf(fields.out_trade_no) ?? ''}`,
    kind: noticeKind(state),
    gatewayOrderId: textOf(fields.out_trade_no) ?? '',
    providerPaymentId: paymentId,
    refundId: null,
    amount: money.amount,
    merchantMatches: fields.mchid === ours.mchId && isOurApp(fields.appid, ours),
    problem: paymentId === null ? 'unreadable_payment_id' : money.problem,
    occurredAt: isoDateOf(fields.success_time),
  };
}

function refundNotice(fields: Fields, ours: WechatWebhook): PaymentNotice {
  const state = textOf(fields.refund_status) ?? 'NONE';
  const amount = fieldsOf(fields.amount);
  const refundId = textOf(fields.out_refund_no) ?? textOf(fields.refund_id);
  const money = namedMoney(amount.refund, amount.currency);
  return {
    provider: 'wechat',
    eventId: `refund:${state}:${textOf(fields.refund_id) ?? refundId ?? ''}`,
    kind: refundNoticeKind(state),
    gatewayOrderId: textOf(fields.out_trade_no) ?? '',
    providerPaymentId: textOf(fields.transaction_id),
    refundId,
    amount: money.amount,
    // A refund notice names no app.
    merchantMatches: fields.mchid === ours.mchId && (fields.appid === undefined || isOurApp(fields.appid, ours)),
    problem: refundId === null ? 'unreadable_refund_id' : money.problem,
    occurredAt: isoDateOf(fields.success_time),
  };
}

function isOurApp(appId: unknown, ours: WechatWebhook): boolean {
  return typeof appId === 'string' && ours.appIds.includes(appId);
}
