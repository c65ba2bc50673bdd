import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import {
  ForgedNotice,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '../src/index.ts';
import { readPublicKey } from '../src/pem.ts';
import type { WechatWebhook } from '../src/providers/wechat/settings.ts';
import { signBody, signNotice, signResource } from '../src/providers/wechat/sign-for-tests.ts';
import { checkSignature } from '../src/providers/wechat/verify.ts';
import { openSealed } from '../src/providers/wechat/wire.ts';
import { createVerifiers } from '../src/verifiers.ts';
import { describeProvider } from './conformance.ts';
import {
  CERTIFICATE_SERIAL,
  PUBLIC_KEY_ID,
  secondPlatformKeys,
  webhookSettings as settings,
  signer,
  vector,
} from './wechat-keys.ts';

const now = new Date('2026-11-21T12:00:00Z');
const seconds = (count: number): Date => new Date(now.getTime() + count * 1000);
const stranger = { ...signer, platformPrivateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey };

function verifierFor(wanted: WechatWebhook): NoticeVerifier {
  const verifier = createVerifiers(new Map([['wechat', wanted]])).get('wechat');
  if (!verifier) throw new Error('there is no verifier for wechat');
  return verifier;
}
const verifier = verifierFor(settings);
const verify = (notice: RawNotice): PaymentNotice => verifier.verify(notice, now);

const transaction = {
  mchid: settings.mchId,
  appid: settings.appIds[0],
  out_trade_no: 'REPORT_20261121_7K3M9QXA',
  transaction_id: '4200001234202611210123456789',
  trade_type: 'NATIVE',
  trade_state: 'SUCCESS',
  success_time: '2026-11-21T19:59:58+08:00',
  payer: { openid: 'o-1' },
  amount: { total: 1990, payer_total: 1490, currency: 'CNY', payer_currency: 'CNY' },
};
const refund = {
  mchid: settings.mchId,
  out_trade_no: transaction.out_trade_no,
  transaction_id: transaction.transaction_id,
  out_refund_no: 'R7d1',
  refund_id: '50000000382019052709732678859',
  refund_status: 'SUCCESS',
  success_time: '2026-11-21T19:59:58+08:00',
  user_received_account: '招商银行信用卡0403',
  amount: { total: 1990, refund: 990, payer_total: 1990, payer_refund: 990 },
};
const payment = (plain: unknown, eventType = 'TRANSACTION.SUCCESS'): RawNotice =>
  signResource(signer, { eventType, about: 'transaction', plain, at: now });
const refundOf = (plain: unknown, eventType = 'REFUND.SUCCESS'): RawNotice =>
  signResource(signer, { eventType, about: 'refund', plain, at: now });
const paid = payment(transaction);

describeProvider({
  provider: 'wechat',
  verifier,
  sign: (notice) => signNotice(signer, notice),
  signWithOtherKey: (notice) => signNotice(stranger, notice),
  signBytes: (body) => signBody(signer, body, now),
  withoutSecret: () => verifierFor({ ...settings, platformKeys: [], apiV3Key: '' }),
  acknowledgement: { status: 200, body: '{"code":"SUCCESS"}' },
  kinds: ['paid', 'pending', 'refunded', 'refund_failed'],
});

describe('the published vectors of WeChat Pay', () => {
  const published = vector('wechat-notify-full');
  const publicKey = readPublicKey(published.certificate_pem);
  if (!publicKey) throw new Error('the certificate of the vector cannot be read');
  const keys = [{ id: 'D7CE59D1F522D701', publicKey, certificate: null }];
  const notice = { headers: published.headers, body: Buffer.from(published.body_base64, 'base64') };
  const then = new Date(published.received_at * 1000);

  test('hold a notice whose signature is right', () => {
    expect(() => checkSignature(notice, keys, then)).not.toThrow();
  });

  test('hold a notice that is refused with any bit of its body changed', () => {
    for (let at = 0; at < notice.body.length; at += 17) {
      const body = Buffer.from(notice.body);
      body[at] = (body[at] ?? 0) ^ 1;
      expect(() => checkSignature({ ...notice, body }, keys, then)).toThrow('does not match');
    }
  });

  test.each(['wechat-gcm-256-hello', 'wechat-gcm-256-empty'])('open what %s seals', (id) => {
    const sealed = vector(id);
    const opened = openSealed(
      { ciphertext: sealed.ciphertext_base64, nonce: sealed.nonce_utf8, associated_data: sealed.associated_data_utf8 },
      sealed.key_utf8,
    );
    expect(opened?.toString()).toBe(sealed.plaintext_utf8);
  });

  test('do not open with a changed ciphertext, tag, nonce or associated data', () => {
    const v = vector('wechat-gcm-256-hello');
    const sealed = { ciphertext: v.ciphertext_base64, nonce: v.nonce_utf8, associated_data: v.associated_data_utf8 };
    const bytes = Buffer.from(sealed.ciphertext, 'base64');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openSealed({ ...sealed, ciphertext: changed.toString('base64') }, v.key_utf8)).toBeUndefined();
    }
    expect(openSealed({ ...sealed, nonce: '1123456789abcdef' }, v.key_utf8)).toBeUndefined();
    expect(openSealed({ ...sealed, associated_data: '' }, v.key_utf8)).toBeUndefined();
    expect(openSealed({ ...sealed, ciphertext: bytes.subarray(0, -1).toString('base64') }, v.key_utf8)).toBeUndefined();
    expect(openSealed({ ...sealed, ciphertext: '' }, v.key_utf8)).toBeUndefined();
  });
});

describe('the signature of a notice of WeChat Pay', () => {
  test.each([-299, -1, 0, 1, 299])('counts %d seconds away from our time', (offset) => {
    expect(verifier.verify(paid, seconds(offset)).kind).toBe('paid');
  });

  test.each([-86_400, -300, 300, 86_400])('is refused %d seconds away from our time', (offset) => {
    expect(() => verifier.verify(paid, seconds(offset))).toThrow(ForgedNotice);
    expect(() => verifier.verify(paid, seconds(offset))).toThrow('away from our time');
  });

  test.each(['', 'now', '-1', '1e9', ' 1795262400', '9'.repeat(30)])('with the time %j is refused', (time) => {
    const headers = { ...paid.headers, 'wechatpay-timestamp': time };
    expect(() => verify({ ...paid, headers })).toThrow(ForgedNotice);
  });

  test('counts under a public key and under a platform certificate, side by side', () => {
    const other = { ...signer, platformPrivateKey: secondPlatformKeys.privateKey, platformKeyId: CERTIFICATE_SERIAL };
    const resource = { eventType: 'TRANSACTION.SUCCESS', about: 'transaction', plain: transaction, at: now };
    for (const by of [signer, other, { ...other, platformKeyId: CERTIFICATE_SERIAL.toLowerCase() }]) {
      expect(verify(signResource(by, resource))).toMatchObject({ kind: 'paid', merchantMatches: true });
    }
  });

  test('is refused under the id of another of our keys', () => {
    const headers = { ...paid.headers, 'wechatpay-serial': CERTIFICATE_SERIAL };
    expect(() => verify({ ...paid, headers })).toThrow('does not match');
  });

  test('under a key that is not set here is refused, and the key is named', () => {
    const headers = { ...paid.headers, 'wechatpay-serial': 'PUB_KEY_ID_02' };
    expect(() => verify({ ...paid, headers })).toThrow('PUB_KEY_ID_02, which WECHAT_PLATFORM_KEY_ID does not name');
  });

  test.each(['SHA1', 'WECHATPAY2-SM2-WITH-SM3', ''])('of the type %j is refused', (type) => {
    const headers = { ...paid.headers, 'wechatpay-signature-type': type };
    expect(() => verify({ ...paid, headers })).toThrow(ForgedNotice);
  });

  test('may leave its type out', () => {
    const headers = { ...paid.headers, 'wechatpay-signature-type': undefined };
    expect(verify({ ...paid, headers }).kind).toBe('paid');
  });

  test('that only tests us (WECHATPAY/SIGNTEST/) is refused like any other wrong one', () => {
    const headers = { ...paid.headers, 'wechatpay-signature': `WECHATPAY/SIGNTEST/${'A'.repeat(325)}` };
    expect(() => verify({ ...paid, headers })).toThrow(ForgedNotice);
  });

  test('is wanted over the bytes: the same JSON written anew is refused', () => {
    const anew = Buffer.from(JSON.stringify(JSON.parse(paid.body.toString()), null, 1));
    expect(() => verify({ ...paid, body: anew })).toThrow('does not match');
    const marked = Buffer.concat([Buffer.from('\ufeff'), paid.body]);
    expect(() => verify({ ...paid, body: marked })).toThrow('does not match');
  });

  test('does not help a ciphertext that was changed before it was signed', () => {
    const envelope = JSON.parse(paid.body.toString());
    const bytes = Buffer.from(envelope.resource.ciphertext, 'base64');
    for (const at of [0, bytes.length - 17, bytes.length - 16, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const body = JSON.stringify({
        ...envelope,
        resource: { ...envelope.resource, ciphertext: changed.toString('base64') },
      });
      expect(() => verify(signBody(signer, body, now))).toThrow(ForgedNotice);
    }
  });

  test('does not help what is sealed with the key of another merchant', () => {
    const other = { ...signer, apiV3Key: 'z'.repeat(32) };
    const resource = { eventType: 'TRANSACTION.SUCCESS', about: 'transaction', plain: transaction, at: now };
    expect(() => verify(signResource(other, resource))).toThrow('does not open with WECHAT_API_V3_KEY');
  });
});

describe('a notice that is no notice of API v3', () => {
  test.each([
    '<xml><return_code><![CDATA[SUCCESS]]></return_code><sign>C380BEC2BFD727A4B6845133519F3AD6</sign></xml>',
    '\ufeff<?xml version="1.0"?>\n<xml></xml>',
    '\n <xml/>',
  ])('but XML is unreadable by its form, signed or not: %j', (xml) => {
    expect(() => verify({ headers: {}, body: Buffer.from(xml) })).toThrow(UnreadableNotice);
    expect(() => verify(signBody(signer, xml, now))).toThrow('API v2');
  });

  test.each([
    '[]',
    'null',
    '{}',
    '{"resource":null}',
    '{"resource":{"algorithm":"AEAD_AES_256_GCM"}}',
    '{"resource":{"algorithm":"AEAD_SM4_GCM","ciphertext":"AAAA","nonce":"012345678901"}}',
  ])('but %s is unreadable where it is rightly signed', (body) => {
    expect(() => verify(signBody(signer, body, now))).toThrow(UnreadableNotice);
    expect(() => verify({ headers: {}, body: Buffer.from(body) })).toThrow(ForgedNotice);
  });

  test.each(['', '[]', 'paid', '"paid"'])('but holds %j is unreadable', (plain) => {
    expect(() => verify(payment(plain))).toThrow(UnreadableNotice);
  });
});

describe('a payment notice of WeChat Pay', () => {
  test('says what was asked for, not what was left to pay after a coupon', () => {
    expect(verify(paid)).toEqual({
      provider: 'wechat',
      eventId: 'SUCCESS:4200001234202611210123456789',
      kind: 'paid',
      gatewayOrderId: 'REPORT_20261121_7K3M9QXA',
      providerPaymentId: '4200001234202611210123456789',
      refundId: null,
      amount: { minor: 1990, currency: 'CNY' },
      merchantMatches: true,
      problem: null,
      occurredAt: new Date('2026-11-21T11:59:58Z'),
    });
  });

  test('is the same event under another notice id, and however often it comes', () => {
    const again = signResource(signer, {
      eventType: 'TRANSACTION.SUCCESS',
      about: 'transaction',
      plain: transaction,
      at: seconds(15),
      id: 'EV-2',
    });
    expect(verify(again).eventId).toBe(verify(paid).eventId);
  });

  test.each([
    [{ mchid: '1900000002' }],
    [{ mchid: 1900000001 }],
    [{ mchid: undefined }],
    [{ appid: 'wx0000000000000000' }],
    [{ appid: undefined }],
    [{ appid: ['wx8888888888888888'] }],
  ])('with %j is not ours', (change) => {
    expect(verify(payment({ ...transaction, ...change })).merchantMatches).toBe(false);
  });

  test('may name any of our apps', () => {
    expect(verify(payment({ ...transaction, appid: 'wx7777777777777777' })).merchantMatches).toBe(true);
  });

  test.each([
    ['REFUND', 'pending'],
    ['NOTPAY', 'pending'],
    ['USERPAYING', 'pending'],
    ['ACCEPT', 'pending'],
    ['REVOKED', 'pending'],
    ['CLOSED', 'pending'],
    ['PAYERROR', 'pending'],
    ['success', 'pending'],
    ['toString', 'pending'],
    [undefined, 'pending'],
    [1, 'pending'],
  ])('in the state %j is %s', (trade_state, kind) => {
    expect(verify(payment({ ...transaction, trade_state })).kind).toBe(kind);
  });

  test.each([
    [{ total: '1990', currency: 'CNY' }, 'unreadable_amount'],
    [{ total: 19.9, currency: 'CNY' }, 'unreadable_amount'],
    [{ total: -1990, currency: 'CNY' }, 'unreadable_amount'],
    [{ total: 1e300, currency: 'CNY' }, 'unreadable_amount'],
    [{ currency: 'CNY' }, 'unreadable_amount'],
    [undefined, 'unreadable_amount'],
    [1990, 'unreadable_amount'],
    [{ total: 1990, currency: 'XAU' }, 'unknown_currency'],
    [{ total: 1990, currency: 'toString' }, 'unknown_currency'],
  ])('with the amount %j is kept with a problem, never taken as nothing said', (amount, problem) => {
    expect(verify(payment({ ...transaction, amount }))).toMatchObject({ kind: 'paid', amount: null, problem });
  });

  test('without a payment id is kept with a problem', () => {
    expect(verify(payment({ ...transaction, transaction_id: undefined })).problem).toBe('unreadable_payment_id');
  });

  test.each([
    ['a NUL', 'REPORT_20261121_7K3M9QXA\u0000'],
    ['a lone surrogate', 'REPORT_20261121_7K3M9QXA\ud800'],
    ['five thousand characters', `REPORT_20261121_7K3M9QXA${'x'.repeat(5000)}`],
  ])('with %s in the order number never becomes the order it looks like', (_, out_trade_no) => {
    const { gatewayOrderId } = verify(payment({ ...transaction, out_trade_no }));
    expect(gatewayOrderId).not.toBe(transaction.out_trade_no);
    expect(gatewayOrderId.isWellFormed()).toBe(true);
    expect(gatewayOrderId.length).toBeLessThanOrEqual(128);
  });

  test('of another product than payments ends nothing', () => {
    const other = payment({ mchid: settings.mchId, out_contract_code: 'c' }, 'PAYSCORE.USER_OPEN_SERVICE');
    expect(verify(other)).toMatchObject({ kind: 'pending', gatewayOrderId: '' });
  });

  test('is answered by the key id that signed it, whatever the order of the keys', () => {
    const turned = verifierFor({ ...settings, platformKeys: settings.platformKeys.toReversed() });
    expect(turned.verify(paid, now).providerPaymentId).toBe(transaction.transaction_id);
    expect(String(paid.headers['wechatpay-serial'])).toBe(PUBLIC_KEY_ID);
  });
});

describe('a refund notice of WeChat Pay', () => {
  test('names our refund, and the money of this one alone', () => {
    expect(verify(refundOf(refund))).toEqual({
      provider: 'wechat',
      eventId: 'refund:SUCCESS:50000000382019052709732678859',
      kind: 'refunded',
      gatewayOrderId: 'REPORT_20261121_7K3M9QXA',
      providerPaymentId: '4200001234202611210123456789',
      refundId: 'R7d1',
      amount: { minor: 990, currency: 'CNY' },
      merchantMatches: true,
      problem: null,
      occurredAt: new Date('2026-11-21T11:59:58Z'),
    });
  });

  test.each([
    ['SUCCESS', 'refunded'],
    ['ABNORMAL', 'refund_failed'],
    ['CLOSED', 'refund_failed'],
    ['PROCESSING', 'pending'],
    ['something new', 'pending'],
  ])('in the state %s is %s', (refund_status, kind) => {
    expect(verify(refundOf({ ...refund, refund_status }, `REFUND.${refund_status}`)).kind).toBe(kind);
  });

  test('that has no state of its own is never read as a payment', () => {
    expect(verify(refundOf({ ...transaction, out_refund_no: 'R7d1' })).kind).toBe('pending');
    expect(verify(payment({ ...transaction, refund_status: 'SUCCESS' })).kind).toBe('refunded');
  });

  test('of another merchant is not ours', () => {
    expect(verify(refundOf({ ...refund, mchid: '1900000002' })).merchantMatches).toBe(false);
    expect(verify(refundOf({ ...refund, appid: 'wx0000000000000000' })).merchantMatches).toBe(false);
  });

  test('without a readable id or amount is kept with a problem', () => {
    const unnamed = { ...refund, out_refund_no: undefined, refund_id: undefined };
    expect(verify(refundOf(unnamed)).problem).toBe('unreadable_refund_id');
    expect(verify(refundOf({ ...refund, amount: { total: 1990 } })).problem).toBe('unreadable_amount');
  });
});
