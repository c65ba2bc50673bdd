import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ForgedNotice, type PaymentNotice, type RawNotice, UnreadableNotice } from '../src/index.ts';
import { signV4Fields, signV4Notice } from '../src/providers/pingpong/v4/sign-for-tests.ts';
import { judgeSignature, signatureOf } from '../src/providers/pingpong/v4/wire.ts';
import { createVerifiers } from '../src/verifiers.ts';
import { describeProvider } from './conformance.ts';
import { keys, now, verifier, verifierFor, verify } from './pingpong-verifier.ts';

describeProvider({
  provider: 'pingpong',
  verifier,
  sign: (notice) => signV4Notice(keys, notice),
  signWithOtherKey: (notice) => signV4Notice({ ...keys, salt: 'ANOTHER-SALT' }, notice),
  withoutSecret: () => verifierFor({ v4: { ...keys, salt: '' } }),
  acknowledgement: { status: 200, body: 'OK' },
  // FAILED is one try and no end.
  kinds: ['paid', 'expired', 'refunded', 'refund_failed', 'disputed'],
});

const published = z
  .object({
    vectors: z.array(
      z.looseObject({
        id: z.string(),
        salt: z.string().optional(),
        sign_type: z.enum(['SHA256', 'MD5']).optional(),
        params: z.record(z.string(), z.string()).optional(),
        sign: z.string().optional(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/pingpong.json'), 'utf8')))
  .vectors.flatMap(({ id, salt, sign_type, params, sign }) =>
    salt && sign_type && params && sign ? [{ id, salt, signType: sign_type, params, sign }] : [],
  );

describe('the signature of v4', () => {
  test('is that of each published sample', () => {
    expect(published.map(({ id }) => id).sort()).toEqual([
      'pingpong-md5',
      'pingpong-prepay-request',
      'pingpong-prepay-response',
    ]);
    for (const { params, salt, signType, sign } of published) expect(signatureOf(params, salt, signType)).toBe(sign);
  });

  test.each(published)('of $id is refused once a single field of it is another', ({ params, salt, signType, sign }) => {
    const judge = (fields: Record<string, unknown>) => judgeSignature({ ...fields, sign }, { ...keys, salt, signType });
    expect(judge(params)).toBe('right');
    for (const name of Object.keys(params)) {
      expect(judge({ ...params, [name]: `${params[name]}0` })).not.toBe('right');
      expect(judge({ ...params, [name]: undefined })).not.toBe('right');
    }
    expect(judge({ ...params, bizContent: JSON.stringify(JSON.parse(params.bizContent ?? ''), null, 1) })).toBe(
      'wrong',
    );
    expect(judgeSignature({ ...params, sign }, { ...keys, salt: `${salt}0`, signType })).toBe('wrong');
  });

  test('leaves empty fields out', () => {
    const [first] = published;
    const more = { ...first?.params, description: '', remark: null };
    expect(signatureOf(more, first?.salt ?? '', first?.signType ?? 'SHA256')).toBe(first?.sign);
  });

  const signed = signV4Notice(keys, {
    kind: 'paid',
    gatewayOrderId: 'T1',
    providerPaymentId: 'P1',
    refundId: null,
    amount: { minor: 1990, currency: 'CNY' },
    merchant: 'ours',
    at: now,
  });
  const envelope: Record<string, unknown> = JSON.parse(signed.body.toString());
  const changed = (change: Record<string, unknown>): RawNotice => ({
    headers: {},
    body: Buffer.from(JSON.stringify({ ...envelope, ...change })),
  });

  test("is taken in lower case, and with the blank that one of the vendor's samples ends in", () => {
    expect(verify(changed({ sign: `${String(envelope.sign).toLowerCase()} ` })).kind).toBe('paid');
  });

  test.each([
    ['short', String(envelope.sign).slice(1)],
    ['long', `${String(envelope.sign)}0`],
    ['of full-width digits', '\uff10'.repeat(64)],
    ['empty', ''],
    ['a number', 1],
    ['a list', [envelope.sign]],
    ['null', null],
  ])('that is %s is refused', (_, sign) => {
    expect(() => verify(changed({ sign }))).toThrow(ForgedNotice);
  });

  test("over a field that is an object is nobody's", () => {
    expect(() => verify(changed({ extra: { a: 1 } }))).toThrow(ForgedNotice);
  });

  test('holds for the envelope written anew in another order: its fields are signed, not its bytes', () => {
    const anew = Object.fromEntries(Object.entries(envelope).reverse());
    expect(verify({ headers: {}, body: Buffer.from(JSON.stringify(anew, null, 2)) })).toEqual(verify(signed));
  });

  test('by MD5 counts only where the shop is set to MD5, and SHA256 counts there too', () => {
    const fields = { accId: keys.accId, clientId: keys.clientId, signType: 'MD5', bizContent: '{"status":"INIT"}' };
    const md5 = signV4Fields({ salt: keys.salt, signType: 'MD5' }, fields);
    expect(() => verify(md5)).toThrow('PINGPONG_SIGN_TYPE');
    const old = createVerifiers(new Map([['pingpong', { webhookSecret: '', v4: { ...keys, signType: 'MD5' } }]]));
    expect(old.get('pingpong')?.verify(md5, now).kind).toBe('pending');
    expect(old.get('pingpong')?.verify(signed, now).kind).toBe('paid');
  });

  test.each(['sha256', 'SHA1', 'none', '', undefined, 256])('by a sign type of %j is refused', (signType) => {
    const fields = { accId: keys.accId, clientId: keys.clientId, signType, bizContent: '{"status":"INIT"}' };
    expect(() => verify(signV4Fields(keys, fields))).toThrow(ForgedNotice);
  });
});

describe('the words of v4', () => {
  const envelope = { accId: keys.accId, clientId: keys.clientId, signType: 'SHA256', version: '1.0' };
  const read = (content: unknown, change: Record<string, unknown> = {}): PaymentNotice =>
    verify(
      signV4Fields(keys, {
        ...envelope,
        bizContent: typeof content === 'string' ? content : JSON.stringify(content),
        ...change,
      }),
    );
  const paid = {
    notifyType: 'RECHARGE',
    status: 'SUCCESS',
    transactionId: '2023082950003030',
    merchantTransactionId: 'REPORT_20261121_7K3M9QXA',
    amount: '200.000000',
    currency: 'USD',
    transactionTime: '1693290395000',
  };

  test('say a payment', () => {
    expect(read(paid)).toEqual({
      provider: 'pingpong',
      eventId: '2023082950003030:RECHARGE:SUCCESS',
      kind: 'paid',
      gatewayOrderId: 'REPORT_20261121_7K3M9QXA',
      providerPaymentId: '2023082950003030',
      refundId: null,
      amount: { minor: 20_000, currency: 'USD' },
      merchantMatches: true,
      problem: null,
      occurredAt: new Date(1_693_290_395_000),
    });
  });

  test.each([
    ['RECHARGE', 'FAILED', 'pending'],
    ['RECHARGE', 'INIT', 'pending'],
    ['RECHARGE', 'PROCESSING', 'pending'],
    ['RECHARGE', 'AUTH_SUCCESS', 'pending'],
    ['RECHARGE', 'CLOSED', 'expired'],
    ['RECHARGE', 'CANCEL', 'expired'],
    ['RECHARGE', 'success', 'paid'],
    ['REFUND', 'SUCCESS', 'refunded'],
    ['REFUND', 'FAILED', 'refund_failed'],
    ['REFUND', 'PROCESSING', 'pending'],
    ['CAPTURE', 'SUCCESS', 'pending'],
    ['VOID', 'SUCCESS', 'pending'],
    [undefined, 'SUCCESS', 'pending'],
    [undefined, 'CLOSED', 'expired'],
  ])('%s %s are %s', (notifyType, status, kind) => {
    expect(read({ ...paid, notifyType, status }).kind).toBe(kind);
  });

  test('say a refund under our own id, or under theirs where it was made in their console', () => {
    const refund = { ...paid, notifyType: 'REFUND', refundId: 'PPR1', merchantRefundId: 'R7d1', amount: '5.00' };
    expect(read(refund)).toMatchObject({ refundId: 'R7d1', eventId: 'PPR1:REFUND:SUCCESS', amount: { minor: 500 } });
    expect(read({ ...refund, merchantRefundId: undefined })).toMatchObject({ refundId: 'PPR1', kind: 'refunded' });
  });

  test.each([
    [{ amount: undefined }, 'amount_missing'],
    [{ amount: '200.001' }, 'unreadable_amount'],
    [{ amount: '2e2' }, 'unreadable_amount'],
    [{ amount: ['200'] }, 'unreadable_amount'],
    [{ currency: 'XAU' }, 'unknown_currency'],
    [{ currency: undefined }, 'unknown_currency'],
  ])('of money with %j are kept with a problem', (change, problem) => {
    expect(read({ ...paid, ...change })).toMatchObject({ kind: 'paid', amount: null, problem });
  });

  test('compare what was paid and not what it was exchanged to', () => {
    expect(read({ ...paid, exchangedAmount: '1.00', exchangedCurrency: 'EUR' }).amount).toEqual({
      minor: 20_000,
      currency: 'USD',
    });
  });

  test.each([
    [{ accId: '2018092714313010016292' }, false],
    [{ clientId: '2018092714313010017' }, false],
    [{ clientId: undefined }, false],
    [{}, true],
  ])('to a merchant of %j are for us: %s', (change, ours) => {
    expect(read(paid, change).merchantMatches).toBe(ours);
  });

  test.each(['', '[]', 'null', '{', 'x'])('in a bizContent of %j are unreadable', (content) => {
    expect(() => read(content)).toThrow(UnreadableNotice);
  });

  test("in a bizContent that is no text are nobody's", () => {
    expect(() => read(paid, { bizContent: 7 })).toThrow(UnreadableNotice);
    expect(() => read(paid, { bizContent: paid })).toThrow(ForgedNotice);
  });

  test('of a dispute lie beside the signature', () => {
    const dispute = {
      accId: keys.accId,
      signType: 'SHA256',
      eventCode: 'NOTIFICATION_OF_CHARGEBACK',
      disputePspReference: '202303071954574059',
      merchantReference: 'REPORT_20261121_7K3M9QXA',
      originalReference: 'PS23030716214681886',
      amount: '1',
      currency: 'USD',
      defendable: true,
    };
    const dispatch = (change: Record<string, unknown> = {}) => verify(signV4Fields(keys, { ...dispute, ...change }));
    expect(dispatch()).toMatchObject({
      kind: 'disputed',
      eventId: '202303071954574059:NOTIFICATION_OF_CHARGEBACK',
      gatewayOrderId: 'REPORT_20261121_7K3M9QXA',
      providerPaymentId: 'PS23030716214681886',
      amount: { minor: 100, currency: 'USD' },
      merchantMatches: true,
    });
    for (const eventCode of ['REQUEST_FOR_INFORMATION', 'CHARGEBACK_REVERSED', 'PREARBITRATION_WON', 'NEWS'])
      expect(dispatch({ eventCode }).kind).toBe('pending');
    expect(dispatch({ eventCode: 'PREARBITRATION_LOST' }).kind).toBe('disputed');
    expect(dispatch({ accId: '1' }).merchantMatches).toBe(false);
    expect(dispatch({ amount: undefined }).problem).toBeNull();
    expect(dispatch({ amount: '2e2' }).problem).toBe('unreadable_amount');
  });
});
