import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ForgedNotice, type PaymentNotice, type RawNotice, UnreadableNotice } from '../src/index.ts';
import { gatewayOrderIdOf, mockNotice, mockPaymentId } from '../src/mock.ts';
import { capabilities } from '../src/providers/mock/capabilities.ts';
import { settings as mockSettings } from '../src/providers/mock/settings.ts';
import { signBody, signNotice } from '../src/providers/mock/sign-for-tests.ts';
import { createVerifiers } from '../src/verifiers.ts';
import { describeProvider } from './conformance.ts';

const settings = { webhookSecret: 'test-mock-secret' };
const other = { webhookSecret: 'another-secret' };
const now = new Date('2026-11-21T12:00:00Z');
const orderNo = 'REPORT_20261121_7K3M9QXA';

function verifierFor(wanted: typeof settings) {
  const verifier = createVerifiers(new Map([['mock', wanted]])).get('mock');
  if (!verifier) throw new Error('there is no verifier for mock');
  return verifier;
}
const verifier = verifierFor(settings);
const verify = (notice: RawNotice): PaymentNotice => verifier.verify(notice, now);
const read = (fields: unknown): PaymentNotice =>
  verify(signBody(settings, typeof fields === 'string' ? fields : JSON.stringify(fields)));

describeProvider({
  provider: 'mock',
  verifier,
  sign: (notice) => signNotice(settings, notice),
  signWithOtherKey: (notice) => signNotice(other, notice),
  signBytes: (body) => signBody(settings, body),
  withoutSecret: () => verifierFor({ webhookSecret: '' }),
  acknowledgement: { status: 200, body: 'OK' },
});

describe('the signature of the mock', () => {
  const body = Buffer.from('{"order_id":"T1","status":"paid"}');
  const hex = createHmac('sha256', settings.webhookSecret).update(body).digest('hex');
  const withSignature = (value: string | string[]): RawNotice => ({ headers: { 'x-mock-signature': value }, body });

  test.each([
    ['as it is', hex],
    ['in upper case', hex.toUpperCase()],
  ])('is taken %s', (_, value) => {
    expect(verify(withSignature(value)).gatewayOrderId).toBe('T1');
  });

  test.each([
    ['one character short', hex.slice(1)],
    ['one character long', `${hex}0`],
    ['no hex', 'g'.repeat(64)],
    ['empty', ''],
    ['base64', Buffer.from(hex, 'hex').toString('base64')],
    ['in two headers', [hex, hex]],
  ])('that is %s is refused', (_, value) => {
    expect(() => verify(withSignature(value))).toThrow(ForgedNotice);
  });

  test('under an empty secret verifies nothing', () => {
    const none = { webhookSecret: '' };
    expect(() => verifierFor(none).verify(signBody(none, body), now)).toThrow(ForgedNotice);
  });

  test('is wanted: without it a notice is refused', () => {
    expect(() => verify({ headers: {}, body })).toThrow('X-Mock-Signature is missing');
  });
});

describe('the notices of the mock', () => {
  const order = {
    merchant: 'mingdan',
    order_id: orderNo,
    payment_id: `MOCK-${orderNo}`,
    amount: '19.90',
    currency: 'CNY',
  };

  test.each([
    [{ amount: '19.905' }, 'unreadable_amount'],
    [{ amount: undefined }, 'amount_missing'],
    [{ currency: 'XAU' }, 'unknown_currency'],
    [{ payment_id: undefined }, 'payment_id_missing'],
  ])('with %j are kept with a problem', (changes, problem) => {
    expect(read({ ...order, status: 'paid', ...changes })).toMatchObject({ kind: 'paid', problem });
  });

  test.each([undefined, 'somebody', 7])('of merchant %j are not ours', (merchant) => {
    expect(read({ ...order, status: 'paid', merchant }).merchantMatches).toBe(false);
  });

  test.each(['', '[]', 'null', '{'])('in a signed body of %j are unreadable', (body) => {
    expect(() => read(body)).toThrow(UnreadableNotice);
  });

  test('of one payment are the same for its id and for its order number', () => {
    const outcome = { outcome: 'success', amount: { minor: 1990, currency: 'CNY' }, at: now } as const;
    const byNumber = mockNotice(settings, { ...outcome, id: orderNo });
    expect(byNumber).toEqual(mockNotice(settings, { ...outcome, id: mockPaymentId(orderNo) }));
    expect(verify(byNumber)).toEqual({
      provider: 'mock',
      eventId: `paid:MOCK-${orderNo}`,
      kind: 'paid',
      gatewayOrderId: orderNo,
      providerPaymentId: `MOCK-${orderNo}`,
      refundId: null,
      amount: { minor: 1990, currency: 'CNY' },
      merchantMatches: true,
      problem: null,
      occurredAt: now,
    });
    expect(verify(mockNotice(settings, { ...outcome, id: orderNo, outcome: 'failure' })).kind).toBe('failed');
  });

  test('name the later attempts of an order, too', () => {
    expect(gatewayOrderIdOf(mockPaymentId(`${orderNo}-2`))).toBe(`${orderNo}-2`);
  });
});

test('the mock is for development only, and has to be listed', () => {
  expect(capabilities.developmentOnly).toBe(true);
  expect(mockSettings.onlyWhenListed).toBe(true);
});
