import { describe, expect, test } from '@jest/globals';
import { ForgedNotice, UnreadableNotice } from '../src/index.ts';
import { readPublicKey } from '../src/pem.ts';
import { signBody, signResource } from '../src/providers/wechat/sign-for-tests.ts';
import { checkSignature } from '../src/providers/wechat/verify.ts';
import { openSealed } from '../src/providers/wechat/wire.ts';
import { CERTIFICATE_SERIAL, secondPlatformKeys, signer, vector } from './wechat-keys.ts';
import { now, paid, payment, seconds, transaction, verifier, verify } from './wechat-verifier.ts';

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
