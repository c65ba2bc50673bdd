import { describe, expect, test } from '@jest/globals';
import { GatewayRefused } from '../src/index.ts';
import {
  answer,
  attempt,
  charge,
  client,
  order,
  page,
  paidSession,
  paidWith,
  refund,
  refunded,
  session,
  stripe,
} from './stripe-client.ts';
import { stripeError } from './stripe-server.ts';

describe('money that goes back', () => {
  test('goes back by the payment intent of the session, under our own refund id', async () => {
    answer(paidWith(), refunded);
    expect(await client.refund?.(refund)).toEqual({
      status: 'succeeded',
      providerRefundId: 're_1',
      providerStatus: 'succeeded',
    });
    expect(stripe.seen[0]?.query).toEqual({ 'expand[0]': 'payment_intent.latest_charge.refunds' });
    expect(stripe.seen[1]).toMatchObject({
      method: 'POST',
      path: '/v1/refunds',
      headers: { 'idempotency-key': 'refund:R7d1' },
    });
    expect(stripe.seen[1]?.form).toEqual({
      payment_intent: 'pi_1',
      amount: '500',
      'metadata[order_no]': order,
      'metadata[gateway_order_id]': attempt,
      'metadata[refund_id]': 'R7d1',
    });
  });

  test('goes back once, even when Stripe has forgotten the idempotency key', async () => {
    answer(paidWith({ id: 're_9', status: 'succeeded', metadata: {} }, { ...refunded, status: 'pending' }));
    expect(await client.refund?.(refund)).toMatchObject({ status: 'pending', providerRefundId: 're_1' });
    expect(stripe.seen.filter(({ method }) => method === 'POST')).toHaveLength(0);
  });

  test('is back where all of it went back before', async () => {
    answer(paidWith(), { status: 400, json: stripeError('charge_already_refunded') });
    expect(await client.refund?.(refund)).toEqual({
      status: 'succeeded',
      providerRefundId: null,
      providerStatus: 'charge_already_refunded',
    });
  });

  test.each([
    ['its session is unknown', { status: 404, json: stripeError('resource_missing') }],
    ['nothing was paid', session],
    ['it was paid in another currency', { ...paidSession, currency: 'usd' }],
  ])('is refused where %s', async (_, found) => {
    answer(found);
    await expect(client.refund?.(refund)).rejects.toThrow(GatewayRefused);
    expect(stripe.seen).toHaveLength(1);
  });

  test.each([
    ['succeeded', 'succeeded'],
    ['pending', 'pending'],
    ['requires_action', 'pending'],
    ['failed', 'failed'],
    ['canceled', 'failed'],
    ['under_review', 'unknown'],
  ])('that is %s there is %s here, asked by its own id', async (status, expected) => {
    answer({ ...refunded, status });
    expect(await client.queryRefund?.({ ...refund, providerRefundId: 're_1' })).toEqual({
      status: expected,
      providerRefundId: 're_1',
      providerStatus: status,
    });
    expect(stripe.seen[0]).toMatchObject({ method: 'GET', path: '/v1/refunds/re_1' });
  });

  test('is found by our id among all refunds of the payment, over several pages', async () => {
    const charged = { ...charge, refunds: { ...page({ id: 're_9', status: 'failed' }), has_more: true } };
    answer(
      { ...paidSession, payment_intent: { id: 'pi_1', latest_charge: charged } },
      { ...page({ id: 're_8', status: 'failed' }), has_more: true },
      page(refunded),
    );
    expect(await client.queryRefund?.({ ...refund, providerRefundId: null })).toMatchObject({ status: 'succeeded' });
    expect(stripe.seen[1]).toMatchObject({ path: '/v1/refunds', query: { payment_intent: 'pi_1' } });
    expect(stripe.seen[2]?.query).toMatchObject({ starting_after: 're_8' });
  });

  test('is unknown where there is no such refund', async () => {
    answer(paidWith());
    expect(await client.queryRefund?.({ ...refund, providerRefundId: null })).toMatchObject({ status: 'unknown' });
    expect(await client.queryRefund?.({ ...refund, providerRefundId: 're_1' })).toMatchObject({ status: 'unknown' });
  });

  test('is not understood where the answer is about another refund', async () => {
    answer({ ...refunded, metadata: { refund_id: 'R-OTHER' } });
    await expect(client.queryRefund?.({ ...refund, providerRefundId: 're_1' })).rejects.toThrow('another refund');
  });
});
