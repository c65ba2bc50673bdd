import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Currency } from '@mingdan/kernel';
import { z } from 'zod';
import type { GatewayPaymentState, NoticeKind, RefundState } from '../../contract.ts';
import { minorMoneyOf, type NamedMoney } from '../../wire-money.ts';
import { translate } from '../../wire-text.ts';

/** The only currency that merchants in mainland China are paid in; refund notices do not name it. */
const WECHAT_CURRENCY: Currency = 'CNY';

export const appMethods: readonly string[] = ['WECHAT_NATIVE', 'WECHAT_JSAPI', 'WECHAT_APP', 'WECHAT_H5'];

export const HEADERS = {
  timestamp: 'wechatpay-timestamp',
  nonce: 'wechatpay-nonce',
  serial: 'wechatpay-serial',
  signature: 'wechatpay-signature',
  type: 'wechatpay-signature-type',
} as const;

export const SIGNATURE_TYPE = 'WECHATPAY2-SHA256-RSA2048';

/** An answer or notice older or younger than this is refused (the bound of the official Go SDK). */
export const LARGEST_OFFSET_SECONDS = 300;

export const PUBLIC_KEY_ID = /^PUB_KEY_ID_/;
export const SERIAL = /^[0-9A-F]+$/i;

/** The id of a key as it is compared: a serial in upper case without leading zeros, `PUB_KEY_ID_…` as it stands. */
export function keyId(text: string): string {
  const id = text.trim();
  return SERIAL.test(id) ? id.toUpperCase().replace(/^0+(?=.)/, '') : id;
}

/** What WeChat Pay signs of its notices and answers: SHA256withRSA over these bytes. */
export function signedBytes(timestamp: string, nonce: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
}

const TAG_BYTES = 16;

export interface Sealed {
  readonly ciphertext: string;
  readonly nonce: string;
  readonly associated_data: string;
}

/** Opens what is sealed with the APIv3 key. The tag is checked before a single byte counts. Undefined where it does not fit. */
export function openSealed(sealed: Sealed, key: string): Buffer | undefined {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  if (bytes.length < TAG_BYTES) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.nonce, { authTagLength: TAG_BYTES });
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    decipher.setAAD(Buffer.from(sealed.associated_data));
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** What WeChat Pay does with the plain text of a notice. `nonce` has 12 bytes. */
export function seal(plain: string, key: string, nonce: string, associatedData: string): Sealed {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(associatedData));
  const bytes = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { ciphertext: bytes.toString('base64'), nonce, associated_data: associatedData };
}

/** The envelope of a notice, and of a platform certificate in a list of them. */
export const sealedSchema = z.object({
  algorithm: z.literal('AEAD_AES_256_GCM'),
  ciphertext: z.string(),
  nonce: z.string(),
  associated_data: z
    .string()
    .nullish()
    .transform((value) => value ?? ''),
});

type Table<T> = Readonly<Record<string, T>>;

/** WeChat Pay notifies success alone; that a try failed or that time ran out is found by asking. */
const NOTICE_KINDS: Table<NoticeKind> = { SUCCESS: 'paid' };
const REFUND_NOTICE_KINDS: Table<NoticeKind> = {
  SUCCESS: 'refunded',
  CLOSED: 'refund_failed',
  ABNORMAL: 'refund_failed',
};
const PAYMENT_STATES: Table<GatewayPaymentState['status']> = {
  SUCCESS: 'paid',
  // Some of it went back, perhaps not all: it was paid.
  REFUND: 'paid',
  NOTPAY: 'pending',
  USERPAYING: 'pending',
  ACCEPT: 'pending',
  CLOSED: 'closed',
  REVOKED: 'closed',
  PAYERROR: 'failed',
};
const REFUND_STATES: Table<RefundState['status']> = {
  SUCCESS: 'succeeded',
  PROCESSING: 'pending',
  CLOSED: 'failed',
  ABNORMAL: 'failed',
};

/** Every other state, one that we have never seen among them, ends nothing by a notice: it is kept as pending. */
export const noticeKind = (state: string): NoticeKind => translate(NOTICE_KINDS, state) ?? 'pending';
export const refundNoticeKind = (state: string): NoticeKind => translate(REFUND_NOTICE_KINDS, state) ?? 'pending';
export const paymentStatus = (state: string): GatewayPaymentState['status'] =>
  translate(PAYMENT_STATES, state) ?? 'unknown';
export const refundStatus = (state: string): RefundState['status'] => translate(REFUND_STATES, state) ?? 'unknown';

/** The words of a notice for each of ours; refunds have `refund_status`, payments `trade_state`. */
export const noticeStatus: Readonly<Record<NoticeKind | 'unheard_of', string>> = {
  paid: 'SUCCESS',
  failed: 'PAYERROR',
  expired: 'CLOSED',
  pending: 'NOTPAY',
  processing: 'USERPAYING',
  refunded: 'SUCCESS',
  refund_failed: 'ABNORMAL',
  disputed: 'DISPUTED',
  unheard_of: 'UNDER_REVIEW',
};

/** Money in whole fen. */
export function namedMoney(fen: unknown, currency: unknown): NamedMoney {
  return minorMoneyOf(fen, currency ?? WECHAT_CURRENCY);
}

/** RFC 3339 in China time, to the second, as WeChat Pay writes and reads it. */
export function chinaTime(date: Date): string {
  return `${new Date(date.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}
