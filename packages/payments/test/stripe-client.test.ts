import { describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { GatewayRefused, GatewayUnreachable, OrderIdUsed } from '../src/index.ts';
import {
  amount,
  answer,
  attempt,
  charge,
  client,
  clientAt,
  lines,
  now,
  order,
  page,
  paidSession,
  payment,
  seconds,
  session,
  stripe,
  wanted,
} from './stripe-client.ts';
import { stripeError } from './stripe-server.ts';

describe('a Checkout Session is opened', () => {
  test('in the words of Stripe, for our order and for this attempt', async () => {
    answer(session);
    expect(await client.createPayment(wanted)).toEqual({ providerPaymentId: 'cs_1', paymentUrl: session.url });
    expect(stripe.seen[0]).toMatchObject({
      method: 'POST',
      path: '/v1/checkout/sessions',
      form: {
        mode: 'payment',
        'line_items[0][quantity]': '1',
        'line_items[0][price_data][currency]': 'cny',
        'line_items[0][price_data][unit_amount]': '1990',
        'line_items[0][price_data][product_data][name]': '八字精批',
        client_reference_id: order,
        'metadata[order_no]': order,
        'metadata[gateway_order_id]': attempt,
        'payment_intent_data[metadata][order_no]': order,
        'payment_intent_data[metadata][gateway_order_id]': attempt,
        success_url: 'https://shop.example.com/payment/success?order=1&session_id={CHECKOUT_SESSION_ID}#top',
        cancel_url: wanted.returnUrl,
        expires_at: String(seconds + 61 * 60),
      },
      headers: {
        authorization: 'Bearer sk_test_very_secret',
        'idempotency-key': `checkout:${attempt}`,
        'stripe-version': '2026-10-28.endive',
        'content-type': 'application/x-www-form-urlencoded',
      },
    });
    expect(stripe.seen[0]?.headers).not.toHaveProperty('x-stripe-client-telemetry');
  });

  test('with the same bytes whenever it is asked for, so that Stripe takes the key again', async () => {
    answer(session);
    const first = await client.createPayment(wanted);
    expect(await client.createPayment({ ...wanted, buyer: { ...wanted.buyer, language: 'zh-CN' } })).toEqual(first);
    expect(stripe.seen[1]?.form).toEqual(stripe.seen[0]?.form);
  });

  test('to live at least half an hour, and never longer than Stripe allows', async () => {
    answer(session, { ...session, metadata: { order_no: order } });
    await client.createPayment({ ...wanted, expiresAt: new Date(now.getTime() + 1_000) });
    expect(Number(stripe.seen[0]?.form.expires_at)).toBeGreaterThan(seconds + 30 * 60);
    await client.createPayment({
      ...wanted,
      gatewayOrderId: `${order}-3`,
      expiresAt: new Date(now.getTime() + 24 * 3_600_000),
    });
    expect(stripe.seen[1]?.form).not.toHaveProperty('expires_at');
  });

  test('at an API base that has a path', async () => {
    answer(session);
    await clientAt(`${stripe.url}/stripe`).createPayment(wanted);
    expect(stripe.seen[0]?.path).toBe('/stripe/v1/checkout/sessions');
  });

  test('under another number where the key was used with other parameters, or where its session has expired', async () => {
    answer({ status: 400, json: stripeError(null, 'idempotency_error') }, { ...session, url: null, status: 'expired' });
    await expect(client.createPayment(wanted)).rejects.toThrow(OrderIdUsed);
    await expect(client.createPayment(wanted)).rejects.toThrow(OrderIdUsed);
  });

  test('not at all where it is paid already', async () => {
    answer(paidSession);
    await expect(client.createPayment(wanted)).rejects.toThrow('it is paid already');
  });

  test.each([
    ['another amount', { amount_total: 1991 }],
    ['another currency', { currency: 'usd' }],
    ['another order', { client_reference_id: 'REPORT_20261121_OTHER000', metadata: {} }],
    ['an order that contradicts itself', { client_reference_id: 'REPORT_20261121_OTHER000' }],
    ['no address', { url: null }],
    ['an address that is none', { url: 'javascript:alert(1)' }],
    ['no id', { id: undefined }],
  ])('but an answer with %s is none', async (_, changes) => {
    answer({ ...session, ...changes });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
  });
});

describe('a payment that is asked about', () => {
  const state = async (changes: object) => {
    answer({ ...session, ...changes });
    return client.queryPayment(payment);
  };

  test.each([
    ['all', amount.minor, true],
    ['a part', amount.minor - 1, undefined],
  ])('says whether all of it went back (%s)', async (_, amount_refunded, givenBack) => {
    const { payment_intent } = paidSession;
    const refunded = { ...payment_intent, latest_charge: { ...charge, amount_refunded } };
    expect((await state({ ...paidSession, payment_intent: refunded })).givenBack).toBe(givenBack);
  });

  test('is paid with what came in, at the time of its charge', async () => {
    expect(await state(paidSession)).toEqual({
      status: 'paid',
      providerStatus: 'complete/paid',
      providerPaymentId: 'cs_1',
      amount,
      paidAt: new Date((seconds + 60) * 1000),
      reference: 'pi_1',
    });
    expect(stripe.seen[0]).toMatchObject({
      method: 'GET',
      path: '/v1/checkout/sessions/cs_1',
      query: { 'expand[0]': 'payment_intent.latest_charge' },
    });
  });

  test.each([
    ['open', 'unpaid', 'pending', null],
    ['expired', 'unpaid', 'closed', null],
    ['complete', 'no_payment_required', 'paid', null],
    ['complete', 'unpaid', 'processing', { id: 'pi_1', status: 'processing' }],
    ['complete', 'unpaid', 'processing', 'pi_1'],
    ['complete', 'unpaid', 'failed', { id: 'pi_1', status: 'requires_payment_method' }],
    ['complete', 'unpaid', 'failed', { id: 'pi_1', status: 'canceled' }],
    ['under_review', 'unpaid', 'unknown', null],
  ])('with %s and %s is %s', async (status, payment_status, expected, payment_intent) => {
    expect(await state({ status, payment_status, payment_intent })).toMatchObject({
      status: expected,
      providerStatus: `${status}/${payment_status}`,
      paidAt: null,
    });
  });

  test('is unknown where no session is known, here or there', async () => {
    expect(await client.queryPayment({ ...payment, providerPaymentId: null })).toMatchObject({ status: 'unknown' });
    expect(stripe.seen).toHaveLength(0);
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'unknown', providerStatus: 'not_found' });
  });

  test('is not understood where the answer is about something else', async () => {
    await expect(state({ id: 'cs_2' })).rejects.toThrow(GatewayUnreachable);
    await expect(
      state({ metadata: { order_no: 'REPORT_20261121_OTHER000' }, client_reference_id: null }),
    ).rejects.toThrow('another order');
  });
});

describe('a payment that is closed', () => {
  const notOpen = { status: 400, json: stripeError(null) };

  test('has its session expired', async () => {
    answer({ ...session, status: 'expired', url: null });
    await client.closePayment?.(payment);
    expect(stripe.seen[0]).toMatchObject({ method: 'POST', path: '/v1/checkout/sessions/cs_1/expire' });
  });

  test('is closed where it was already, or is not there', async () => {
    answer(notOpen, { ...session, status: 'expired' });
    await client.closePayment?.(payment);
    await client.closePayment?.(payment);
    await client.closePayment?.({ ...payment, providerPaymentId: null });
  });

  test.each([
    ['paid already', paidSession],
    ['under way', { ...session, status: 'complete', payment_intent: 'pi_1' }],
    ['HTTP 400', session],
  ])('is refused where it is %s', async (why, found) => {
    answer(notOpen, found);
    const closing = client.closePayment?.(payment);
    await expect(closing).rejects.toThrow(GatewayRefused);
    await expect(closing).rejects.toThrow(why);
  });
});

describe('what was paid in a time', () => {
  const from = now;
  const to = new Date(now.getTime() + 3_600_000);
  const listed = (id: string, changes: object = {}, charged: object = {}) => ({
    ...paidSession,
    id,
    payment_intent: { ...paidSession.payment_intent, latest_charge: { ...charge, ...charged } },
    ...changes,
  });

  test('is listed page by page, with what went back, and without what is none of ours', async () => {
    answer(
      {
        ...page(
          listed('cs_1', {}, { amount_refunded: 500 }),
          listed('cs_foreign', { metadata: {}, client_reference_id: 'cart', payment_intent: 'pi_9' }),
        ),
        has_more: true,
      },
      page(
        listed('cs_unpaid', { payment_status: 'unpaid' }),
        listed('cs_before', {}, { created: seconds - 1 }),
        listed('cs_2', { payment_intent: 'pi_2' }),
      ),
    );
    expect(await client.listPayments?.(from, to)).toEqual([
      {
        gatewayOrderId: attempt,
        providerPaymentId: 'cs_1',
        amount,
        refundedMinor: 500,
        paidAt: new Date((seconds + 60) * 1000),
      },
      { gatewayOrderId: attempt, providerPaymentId: 'cs_2', amount, refundedMinor: null, paidAt: now },
    ]);
    expect(stripe.seen[0]?.query).toEqual({
      'created[gte]': String(seconds - 86_400),
      'created[lt]': String(seconds + 3_600),
      status: 'complete',
      limit: '20',
      'expand[0]': 'data.payment_intent.latest_charge',
    });
    expect(stripe.seen[1]?.query).toMatchObject({ starting_after: 'cs_foreign' });
  });

  test('is never listed in part', async () => {
    answer({ ...page(listed('cs_1')), has_more: true }, { status: 500 });
    await expect(client.listPayments?.(from, to)).rejects.toThrow(GatewayUnreachable);
  });
});

describe('a call of Stripe', () => {
  const query = () => client.queryPayment(payment);

  test.each([400, 401, 402, 403])('that is answered %s is refused', async (status) => {
    answer({ status, json: stripeError('some_code') });
    await expect(query()).rejects.toThrow(GatewayRefused);
  });

  test.each([
    ['409: the same is still being done', { status: 409, json: stripeError('idempotency_key_in_use') }],
    ['429', { status: 429, json: stripeError('rate_limit') }],
    ['500', { status: 500, json: stripeError(null, 'api_error') }],
    ['503 with a page', { status: 503, text: '<html>' }],
    ['200 with a page', { text: '<html>' }],
    ['200 with half an answer', { text: '{"id":"cs' }],
    ['400 with a page', { status: 400, text: '<html>' }],
    ['a redirect', { status: 302, headers: { location: 'https://example.com' } }],
    ['an endless answer', { text: `{"id":"${'x'.repeat(300_000)}"}` }],
  ])('that is answered %s is unreachable, and asked once', async (_, reply) => {
    answer(reply);
    await expect(query()).rejects.toThrow(GatewayUnreachable);
    expect(stripe.seen).toHaveLength(1);
  });

  test('whose connection broke is made once more, with the same key and body', async () => {
    answer({ hangUp: true }, session);
    expect(await client.createPayment(wanted)).toMatchObject({ providerPaymentId: 'cs_1' });
    expect(stripe.seen).toHaveLength(2);
    expect(stripe.seen[1]?.headers['idempotency-key']).toBe(`checkout:${attempt}`);
    expect(stripe.seen[1]?.form).toEqual(stripe.seen[0]?.form);
  });

  test('that says nothing is given up after three seconds where a buyer waits', async () => {
    answer({ delayMs: 8_000, json: session });
    const start = performance.now();
    await expect(client.createPayment(wanted)).rejects.toThrow('no answer within 3000 ms');
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  test('leaves one log line, and neither it nor an error holds the key or a text of Stripe', async () => {
    answer(session, { status: 401, json: stripeError(null) });
    await client.createPayment(wanted);
    const error: unknown = await query().catch((thrown: unknown) => thrown);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'outside call', provider: 'stripe', call: 'create', order_no: attempt, status: 200 },
      { msg: 'outside call', provider: 'stripe', call: 'query', order_no: attempt, status: 401 },
    ]);
    createLogger({ process: 'test', destination: { write: (line) => lines.push(line) } }).error({ err: error }, 'x');
    expect(String(error)).toContain(`stripe query ${attempt}: HTTP 401 invalid_request_error`);
    expect(lines.join()).not.toMatch(/sk_test|\*\*\*|Invalid API/);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/sk_test|\*\*\*|Invalid API/);
  });
});
