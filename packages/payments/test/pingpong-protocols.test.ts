import { describe, expect, test } from '@jest/globals';
import { ForgedNotice } from '../src/index.ts';
import { signV4Fields } from '../src/providers/pingpong/v4/sign-for-tests.ts';
import { signPingpongBody } from '../src/testing.ts';
import { keys, now, verifier, verifierFor } from './pingpong-verifier.ts';

describe('a notice is judged by the protocol of its form alone', () => {
  const both = verifierFor({ webhookSecret: 'plain-secret' });
  const content = JSON.stringify({
    notifyType: 'RECHARGE',
    status: 'SUCCESS',
    merchantTransactionId: 'T4',
    amount: '1',
    currency: 'CNY',
  });
  const v4 = signV4Fields(keys, {
    accId: keys.accId,
    clientId: keys.clientId,
    signType: 'SHA256',
    bizContent: content,
  });

  test('so that both are taken side by side', () => {
    expect(both.verify(v4, now).gatewayOrderId).toBe('T4');
    const plain = signPingpongBody({ webhookSecret: 'plain-secret' }, '{"order_id":"T1","status":"paid"}');
    expect(both.verify(plain, now).gatewayOrderId).toBe('T1');
  });

  test('so that X-Signature, right or wrong, leaves v4 out of it', () => {
    expect(() => both.verify({ ...v4, headers: { 'x-signature': 'ab' } }, now)).toThrow('X-Signature');
    expect(() => both.verify({ ...v4, headers: { 'x-signature': '' } }, now)).toThrow(ForgedNotice);
    const plain = signPingpongBody({ webhookSecret: 'plain-secret' }, v4.body);
    expect(both.verify(plain, now).gatewayOrderId).toBe('');
  });

  test('so that v4 is off without its keys, and the plain protocol without its secret', () => {
    expect(() => verifierFor({ webhookSecret: 'plain-secret', v4: null }).verify(v4, now)).toThrow('not set up here');
    const plain = signPingpongBody({ webhookSecret: '' }, '{"order_id":"T1","status":"paid"}');
    expect(() => verifier.verify(plain, now)).toThrow(ForgedNotice);
  });

  test.each(['{"bizContent":"{}"}', '{"sign":"AB"}', '{"disputePspReference":"1"}', '{}', 'x'])(
    'so that %s is neither',
    (body) => {
      expect(() => both.verify({ headers: {}, body: Buffer.from(body) }, now)).toThrow(ForgedNotice);
    },
  );
});
