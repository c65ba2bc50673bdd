import { describe, expect, test } from '@jest/globals';
import { type PaymentNotice, UnreadableNotice } from '../src/index.ts';
import { signBody, signNotice } from '../src/providers/stripe/sign-for-tests.ts';
import { describeProvider } from './conformance.ts';
import { now, seconds, settings, verifier, verifierFor } from './stripe-verifier.ts';

const order = 'REPORT_20261121_7K3M9QXA';
const metadata = { order_no: order, gateway_order_id: `${order}-2` };
const session = {
  id: 'cs_test_1',
  object: 'checkout.session',
  client_reference_id: order,
  metadata,
  amount_total: 1990,
  currency: 'cny',
  payment_status: 'paid',
  status: 'complete',
  payment_intent: 'pi_1',
};
const refund = {
  id: 're_1',
  object: 'refund',
  amount: 500,
  currency: 'cny',
  payment_intent: 'pi_1',
  status: 'succeeded',
  metadata: { ...metadata, refund_id: 'R7d1' },
};

function read(event: unknown, by = verifier): PaymentNotice {
  return by.verify(signBody(settings, typeof event === 'string' ? event : JSON.stringify(event), now), now);
}
const readType = (type: string, object: unknown, more = {}) =>
  read({ id: 'evt_1', object: 'event', created: seconds, livemode: false, type, data: { object }, ...more });

describeProvider({
  provider: 'stripe',
  verifier,
  sign: (notice) => signNotice(settings, notice),
  signWithOtherKey: (notice) => signNotice({ ...settings, webhookSecrets: ['whsec_other'] }, notice),
  signBytes: (body) => signBody(settings, body, now),
  withoutSecret: () => verifierFor({ ...settings, webhookSecrets: [''] }),
  acknowledgement: { status: 200, body: '{"received":true}' },
});

describe('the events of a Checkout Session', () => {
  test('say everything that a payment needs', () => {
    expect(readType('checkout.session.completed', session)).toEqual({
      provider: 'stripe',
      eventId: 'checkout.session.completed:cs_test_1:paid',
      kind: 'paid',
      gatewayOrderId: `${order}-2`,
      providerPaymentId: 'cs_test_1',
      refundId: null,
      amount: { minor: 1990, currency: 'CNY' },
      reference: 'pi_1',
      merchantMatches: true,
      problem: null,
      occurredAt: now,
    });
  });

  test.each([
    ['completed', 'paid', 'paid'],
    ['completed', 'no_payment_required', 'paid'],
    ['completed', 'unpaid', 'processing'],
    ['completed', 'under_review', 'pending'],
    ['completed', undefined, 'pending'],
    ['async_payment_succeeded', 'paid', 'paid'],
    ['async_payment_succeeded', 'unpaid', 'processing'],
    ['async_payment_failed', 'unpaid', 'failed'],
    ['expired', 'unpaid', 'expired'],
    ['reviewed', 'paid', 'pending'],
  ])('checkout.session.%s with payment_status %s is %s', (type, payment_status, kind) => {
    expect(readType(`checkout.session.${type}`, { ...session, payment_status }).kind).toBe(kind);
  });

  test('are one where Stripe makes two Event objects for one change, and another one in another state', () => {
    const first = readType('checkout.session.completed', session).eventId;
    expect(readType('checkout.session.completed', session, { id: 'evt_2' }).eventId).toBe(first);
    expect(readType('checkout.session.completed', { ...session, payment_status: 'unpaid' }).eventId).not.toBe(first);
  });

  test.each([
    ['the order number alone', { metadata: { order_no: order } }, order, null],
    ['the reference alone', { metadata: {} }, order, null],
    ['no metadata', { metadata: null, client_reference_id: order }, order, null],
    ['another reference', { client_reference_id: 'REPORT_20261121_OTHER000' }, `${order}-2`, 'order_mismatch'],
    ['another order number', { metadata: { ...metadata, order_no: 'X' } }, `${order}-2`, 'order_mismatch'],
  ])('may name %s', (_, changes, gatewayOrderId, problem) => {
    expect(readType('checkout.session.completed', { ...session, ...changes })).toMatchObject({
      gatewayOrderId,
      problem,
      merchantMatches: true,
    });
  });

  test.each([
    [1990, 'CNY', { amount: { minor: 1990, currency: 'CNY' }, problem: null }],
    [500, 'jpy', { amount: { minor: 500, currency: 'JPY' }, problem: null }],
    [0, 'cny', { amount: { minor: 0, currency: 'CNY' }, problem: null }],
    [19.9, 'cny', { amount: null, problem: 'unreadable_amount' }],
    ['1990', 'cny', { amount: null, problem: 'unreadable_amount' }],
    [-1990, 'cny', { amount: null, problem: 'unreadable_amount' }],
    [1e300, 'cny', { amount: null, problem: 'unreadable_amount' }],
    [null, 'cny', { amount: null, problem: 'amount_missing' }],
    [1990, 'xau', { amount: null, problem: 'unknown_currency' }],
    [1990, 'coin', { amount: null, problem: 'unknown_currency' }],
    [1990, 'tostring', { amount: null, problem: 'unknown_currency' }],
    [1990, null, { amount: null, problem: 'unknown_currency' }],
  ])('with an amount of %j %j are read by their own text, or kept with a problem', (amount_total, currency, read) => {
    expect(readType('checkout.session.completed', { ...session, amount_total, currency })).toMatchObject(read);
  });

  test('of some other program on the same account are none of ours', () => {
    const foreign = { ...session, metadata: { cart: '7' }, client_reference_id: 'cart_7' };
    expect(readType('checkout.session.completed', foreign).merchantMatches).toBe(false);
    expect(readType('checkout.session.completed', { id: 'cs_1', payment_status: 'paid' }).merchantMatches).toBe(false);
  });

  test('of another account, or of the other mode where ours is known, are none of ours', () => {
    expect(readType('checkout.session.completed', session, { account: 'acct_1' }).merchantMatches).toBe(false);
    const live = verifierFor({ ...settings, liveMode: true });
    const event = { id: 'evt_1', type: 'checkout.session.completed', data: { object: session } };
    expect(read({ ...event, livemode: false }, live).merchantMatches).toBe(false);
    expect(read({ ...event, livemode: true }, live).merchantMatches).toBe(true);
    expect(read(event, live).merchantMatches).toBe(true);
    expect(read({ ...event, livemode: true }).merchantMatches).toBe(true);
  });
});

describe('the events of refunds and disputes', () => {
  test.each([
    ['refund.created', 'succeeded', 'refunded'],
    ['refund.created', 'pending', 'pending'],
    ['refund.updated', 'succeeded', 'refunded'],
    ['refund.updated', 'requires_action', 'pending'],
    ['refund.updated', 'canceled', 'refund_failed'],
    ['refund.updated', 'under_review', 'pending'],
    ['refund.failed', 'failed', 'refund_failed'],
    ['charge.refund.updated', 'succeeded', 'refunded'],
  ])('%s with status %s is %s, under our own refund id', (type, status, kind) => {
    expect(readType(type, { ...refund, status })).toMatchObject({
      kind,
      eventId: `${type}:re_1:${status}`,
      gatewayOrderId: `${order}-2`,
      providerPaymentId: null,
      refundId: 'R7d1',
      amount: { minor: 500, currency: 'CNY' },
      merchantMatches: true,
      problem: null,
    });
  });

  test('a refund made in the dashboard has its own id, and no order that anybody could name', () => {
    expect(readType('refund.created', { ...refund, metadata: {} })).toMatchObject({
      kind: 'refunded',
      gatewayOrderId: '',
      refundId: 're_1',
      problem: null,
    });
  });

  test('a refunded charge tells a total and knows its order by the metadata of the payment', () => {
    const charge = { id: 'ch_1', object: 'charge', amount: 1990, amount_refunded: 700, currency: 'cny', metadata };
    expect(readType('charge.refunded', charge)).toMatchObject({
      kind: 'refunded',
      eventId: 'charge.refunded:ch_1:700',
      gatewayOrderId: `${order}-2`,
      refundId: null,
      amount: null,
      refundedTotal: { minor: 700, currency: 'CNY' },
    });
  });

  test('a dispute is told with its amount, and with its order where the payment came along', () => {
    const dispute = {
      id: 'du_1',
      object: 'dispute',
      amount: 1990,
      currency: 'cny',
      payment_intent: 'pi_1',
      metadata: {},
    };
    expect(readType('charge.dispute.created', dispute)).toMatchObject({
      kind: 'disputed',
      eventId: 'charge.dispute.created:du_1',
      gatewayOrderId: '',
      amount: { minor: 1990, currency: 'CNY' },
    });
    const expanded = { ...dispute, payment_intent: { id: 'pi_1', metadata } };
    expect(readType('charge.dispute.created', expanded).gatewayOrderId).toBe(`${order}-2`);
    expect(readType('charge.dispute.closed', dispute).kind).toBe('pending');
    expect(readType('charge.dispute.created', { ...dispute, amount: undefined }).problem).toBeNull();
    expect(readType('charge.dispute.created', { ...dispute, amount: '5' }).problem).toBe('unreadable_amount');
  });
});

describe('events that end nothing', () => {
  test('are taken and kept, each under its own id', () => {
    const intent = { id: 'pi_1', object: 'payment_intent', amount: 1, currency: 'xau', metadata };
    expect(readType('payment_intent.succeeded', intent)).toMatchObject({
      kind: 'pending',
      eventId: 'payment_intent.succeeded:evt_1',
      gatewayOrderId: `${order}-2`,
      amount: null,
      problem: null,
    });
  });

  test('are thin ones too: what they are about would have to be fetched', () => {
    const thin = { id: 'evt_v2', object: 'v2.core.event', type: 'v1.billing.meter', related_object: { id: 'x' } };
    expect(read(thin)).toMatchObject({ kind: 'pending', eventId: 'v1.billing.meter:evt_v2', gatewayOrderId: '' });
  });

  test.each([{}, { data: null }, { data: [] }, { data: { object: 7 } }, { type: ['x'] }, { type: 'refund.updated' }])(
    'are those that make no sense: %j',
    (event) => {
      expect(read(event)).toMatchObject({ kind: 'pending', gatewayOrderId: '' });
    },
  );

  test.each([
    ['a NUL', `${order}\u0000`],
    ['a line break', `${order}\n`],
    ['five thousand characters', `${order}${'x'.repeat(5000)}`],
  ])('and order numbers with %s never become the order they look like', (_, order_no) => {
    const notice = readType('checkout.session.completed', { ...session, metadata: { order_no } });
    expect(notice.gatewayOrderId).not.toBe(order);
    expect(notice.gatewayOrderId.length).toBeLessThanOrEqual(128);
  });

  test('written twice count as written last, and prototypes are fields like others', () => {
    expect(read('{"type":"refund.failed","type":"x","id":"evt_9"}').eventId).toBe('x:evt_9');
    expect(read('{"__proto__":{"type":"checkout.session.completed"},"id":"evt_9"}').eventId).toBe('none:evt_9');
  });

  test.each(['', '[]', 'null', '"paid"', '{', 'a=b'])('but a signed body of %j is unreadable', (body) => {
    expect(() => read(body)).toThrow(UnreadableNotice);
  });
});
