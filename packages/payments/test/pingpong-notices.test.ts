import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ForgedNotice, type PaymentNotice, type RawNotice, UnreadableNotice } from '../src/index.ts';
import { signPingpongBody, signPingpongNotice } from '../src/testing.ts';
import { createVerifiers } from '../src/verifiers.ts';
import { describeProvider } from './conformance.ts';

const settings = { webhookSecret: 'test-pingpong-secret', merchantId: 'M-1' };
const other = { ...settings, webhookSecret: 'another-secret' };
const now = new Date('2026-11-21T12:00:00Z');

function verifierFor(wanted: typeof settings | { webhookSecret: string; merchantId: null }) {
  const verifier = createVerifiers(new Map([['pingpong', wanted]])).get('pingpong');
  if (!verifier) throw new Error('there is no verifier for pingpong');
  return verifier;
}
const verifier = verifierFor(settings);
const verify = (notice: RawNotice): PaymentNotice => verifier.verify(notice, now);
const read = (fields: unknown): PaymentNotice =>
  verify(signPingpongBody(settings, typeof fields === 'string' ? fields : JSON.stringify(fields)));

describeProvider({
  provider: 'pingpong',
  verifier,
  sign: (notice) => signPingpongNotice(settings, notice),
  signWithOtherKey: (notice) => signPingpongNotice(other, notice),
  signBytes: (body) => signPingpongBody(settings, body),
  withoutSecret: () => verifierFor({ ...settings, webhookSecret: '' }),
  acknowledgement: { status: 200, body: 'OK' },
  kinds: ['paid', 'failed', 'refunded', 'refund_failed'],
});

const { vectors } = z
  .object({ vectors: z.array(z.looseObject({ id: z.string() })) })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/pingpong.json'), 'utf8')));
const vector = z
  .object({ body_base64: z.string(), hmac_sha256_hex: z.string() })
  .parse(vectors.find(({ id }) => id === 'project-pingpong-x-signature'));

describe('the signature of PingPong', () => {
  const body = Buffer.from(vector.body_base64, 'base64');
  const hex = vector.hmac_sha256_hex;
  const withSignature = (value: string | string[]): RawNotice => ({ headers: { 'x-signature': value }, body });

  test.each([
    ['as it is', hex],
    ['in upper case', hex.toUpperCase()],
    ['with a sha256= prefix', `sha256=${hex}`],
    ['with a prefix in upper case', `SHA256=${hex.toUpperCase()}`],
    ['as the only value of a list', [hex]],
  ])('of the vector is taken %s', (_, value) => {
    expect(verify(withSignature(value))).toMatchObject({
      gatewayOrderId: 'T1',
      amount: { minor: 990, currency: 'USD' },
    });
  });

  test.each([
    ['one character short', hex.slice(1)],
    ['one character long', `${hex}0`],
    ['no hex', 'g'.repeat(64)],
    ['of full-width digits', '\uff10'.repeat(64)],
    ['empty', ''],
    ['the prefix alone', 'sha256='],
    ['base64', Buffer.from(hex, 'hex').toString('base64')],
    ['twice in one header', `${hex}, ${hex}`],
    ['in two headers', [hex, hex]],
  ])('that is %s is refused', (_, value) => {
    expect(() => verify(withSignature(value))).toThrow(ForgedNotice);
  });

  test('of an HMAC under an empty secret is refused where no secret is set', () => {
    const none = { webhookSecret: '', merchantId: null };
    expect(() => verifierFor(none).verify(signPingpongBody(none, '{"order_id":"T1","status":"paid"}'), now)).toThrow(
      ForgedNotice,
    );
  });

  test('is wanted over the bytes: the same JSON written anew is refused', () => {
    const anew = Buffer.from(JSON.stringify(JSON.parse(body.toString()), null, 1));
    expect(() => verify({ ...withSignature(hex), body: anew })).toThrow(ForgedNotice);
  });

  test('is missing in a notice of the acquirer API, which is said so', () => {
    const acquirer = Buffer.from(JSON.stringify({ bizContent: '{}', sign: 'AB', accId: '1' }));
    expect(() => verify({ headers: {}, body: acquirer })).toThrow('v4, which is not set up here');
    expect(() => verify({ headers: {}, body })).toThrow('X-Signature is missing');
  });

  test('decides alone where it is there: a plain notice with v4 fields is judged by it', () => {
    const both = JSON.stringify({ order_id: 'T1', status: 'paid', bizContent: '{}', sign: 'AB' });
    expect(read(both).kind).toBe('paid');
    expect(() => verify({ headers: { 'x-signature': 'AB' }, body: Buffer.from(both) })).toThrow(ForgedNotice);
  });
});

describe('the fields of PingPong', () => {
  const order = { order_id: 'REPORT_20261121_7K3M9QXA', status: 'paid' };

  test('may be order and status alone: nothing is guessed', () => {
    expect(read(order)).toEqual({
      provider: 'pingpong',
      eventId: 'paid:REPORT_20261121_7K3M9QXA',
      kind: 'paid',
      gatewayOrderId: 'REPORT_20261121_7K3M9QXA',
      providerPaymentId: null,
      refundId: null,
      amount: null,
      merchantMatches: true,
      problem: null,
      occurredAt: null,
    });
  });

  test('make the event id of status and payment id, or refund id in a refund notice', () => {
    expect(read({ ...order, payment_id: 'P9' }).eventId).toBe('paid:P9');
    expect(read({ ...order, status: 'refunded', refund_id: 'R9', payment_id: 'P9' }).eventId).toBe('refunded:R9');
    expect(read({ ...order, status: 'PAID', payment_id: 'P9' }).eventId).toBe('paid:P9');
  });

  test.each([
    ['19.90', 'CNY', 1990, 'CNY'],
    ['19.9', 'cny', 1990, 'CNY'],
    ['19.900000', 'CNY', 1990, 'CNY'],
    [19.9, 'CNY', 1990, 'CNY'],
    ['20', undefined, 2000, 'CNY'],
    ['500', 'JPY', 500, 'JPY'],
  ])('say an amount of %s %s', (amount, currency, minor, named) => {
    expect(read({ ...order, amount, currency })).toMatchObject({ amount: { minor, currency: named }, problem: null });
  });

  test.each([
    ['19.905', 'CNY', 'unreadable_amount'],
    ['-19.90', 'CNY', 'unreadable_amount'],
    ['1.99e1', 'CNY', 'unreadable_amount'],
    ['', 'CNY', 'unreadable_amount'],
    [{ value: '19.90' }, 'CNY', 'unreadable_amount'],
    [1e300, 'CNY', 'unreadable_amount'],
    ['19.90', 'XAU', 'unknown_currency'],
    ['19.90', 156, 'unknown_currency'],
    ['19.90', 'toString', 'unknown_currency'],
    [undefined, 'USD', 'currency_mismatch'],
  ])(
    'that say an amount of %j %s are kept with a problem, never taken as nothing said',
    (amount, currency, problem) => {
      expect(read({ ...order, amount, currency })).toMatchObject({ kind: 'paid', amount: null, problem });
    },
  );

  test('say their currency alone', () => {
    expect(read({ ...order, currency: 'CNY' })).toMatchObject({ amount: null, problem: null });
  });

  test.each([
    ['M-1', true],
    [undefined, true],
    ['M-2', false],
    [{ id: 'M-1' }, false],
  ])('of merchant %j match ours: %s', (merchant_id, matches) => {
    expect(read({ ...order, merchant_id }).merchantMatches).toBe(matches);
  });

  test('that name a payment in a way nobody can read are kept with a problem', () => {
    expect(read({ ...order, payment_id: ['P'] })).toMatchObject({
      providerPaymentId: null,
      problem: 'unreadable_payment_id',
    });
    expect(read({ ...order, payment_id: 4711 })).toMatchObject({ providerPaymentId: '4711', problem: null });
  });

  test.each([
    ['a NUL', 'REPORT_20261121_7K3M9QXA\u0000'],
    ['a lone surrogate', 'REPORT_20261121_7K3M9QXA\ud800'],
    ['a line break', 'REPORT_20261121_7K3M9QXA\n'],
    ['five thousand characters', `REPORT_20261121_7K3M9QXA${'x'.repeat(5000)}`],
  ])('with %s in the order number never become the order they look like', (_, order_id) => {
    const notice = read({ ...order, order_id });
    expect(notice.gatewayOrderId).not.toBe(order.order_id);
    expect(notice.gatewayOrderId.length).toBeLessThanOrEqual(128);
    expect(notice.gatewayOrderId.isWellFormed()).toBe(true);
    expect(notice.gatewayOrderId).not.toContain('\u0000');
  });

  test('may stand behind a byte order mark', () => {
    expect(read(`\ufeff${JSON.stringify(order)}`).gatewayOrderId).toBe(order.order_id);
  });

  test('may lie beside thirty thousand brackets', () => {
    const deep = `{"order_id":"T1","status":"paid","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    expect(read(deep).gatewayOrderId).toBe('T1');
  });

  test('that touch prototypes are fields like others', () => {
    expect(read('{"__proto__":{"order_id":"T2"},"constructor":1,"status":"paid"}')).toMatchObject({
      gatewayOrderId: '',
    });
  });

  test('written twice count as written last', () => {
    expect(read('{"order_id":"T1","order_id":"T2","status":"failed","status":"paid"}')).toMatchObject({
      gatewayOrderId: 'T2',
      kind: 'paid',
    });
  });

  test.each(['', '[]', 'null', '"paid"', '{', 'order_id=T1&status=paid'])(
    'in a signed body of %j are unreadable',
    (body) => {
      expect(() => read(body)).toThrow(UnreadableNotice);
    },
  );
});
