import { describe, expect, test } from '@jest/globals';
import { GatewayRefused, GatewayUnreachable } from '../src/index.ts';
import { client, gateway, given, lines, made, newProcess, order, tx, wanted } from './oxapay-client.ts';
import { address, KEY, seconds } from './oxapay-gateway.ts';

describe('what OxaPay is asked to make an invoice', () => {
  test('is the order in its words, with the amount as a JSON number from its decimal text', async () => {
    expect(await client.createPayment(wanted)).toEqual({
      providerPaymentId: '100000000',
      paymentUrl: address('100000000'),
    });
    const body = gateway.seen.at(-1)?.body ?? '';
    expect(body).toContain('"amount":2.77,');
    expect(JSON.parse(body)).toEqual({
      amount: 2.77,
      currency: 'USDT',
      lifetime: 30,
      fee_paid_by_payer: 0,
      under_paid_coverage: 0,
      mixed_payment: true,
      callback_url: wanted.notifyUrl,
      return_url: wanted.returnUrl,
      order_id: order,
      description: '八字精批',
    });
  });

  test.each([
    [2_770_000, '2.77'],
    [10_000_000, '10'],
    [100_000_000, '100'],
    [1, '0.000001'],
    [9_007_199_254_740_991, '9007199254.740991'],
  ])('writes %i millionths as %s', async (minor, text) => {
    await client.createPayment({ ...wanted, amount: { minor, currency: 'USDT' } });
    expect(gateway.seen.at(-1)?.body).toContain(`"amount":${text},`);
  });

  test.each([
    ['shorter than the shortest', '2026-11-21T12:10:00Z', 16],
    ['as short as the shortest', '2026-11-21T12:15:00Z', 15],
    ['of half a minute', '2026-11-21T12:20:30Z', 21],
    ['longer than the longest', '2026-11-25T12:00:00Z', 2880],
    ['over already', '2026-11-21T11:00:00Z', 16],
  ])('gives a life that is %s in whole minutes', async (_, expiresAt, lifetime) => {
    await client.createPayment({ ...wanted, expiresAt: new Date(expiresAt) });
    expect(JSON.parse(gateway.seen.at(-1)?.body ?? '')).toMatchObject({ lifetime });
  });
});

describe('an invoice of OxaPay is made once', () => {
  test('where it is asked for again: the same one comes back', async () => {
    const first = await client.createPayment(wanted);
    expect(await client.createPayment(wanted)).toEqual(first);
    expect(made()).toBe(1);
  });

  test('where it is asked for ten times at once', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => client.createPayment(wanted)));
    expect(new Set(all.map(({ providerPaymentId }) => providerPaymentId)).size).toBe(1);
    expect(made()).toBe(1);
  });

  test('where the answer was lost, and nothing is repeated blindly', async () => {
    await client.createPayment({ ...wanted, gatewayOrderId: 'ANOTHER' });
    gateway.trouble.push({ on: 'POST', how: 'hang up after doing it' });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
    expect(made()).toBe(2);
    expect(await client.createPayment(wanted)).toEqual({
      providerPaymentId: '100000001',
      paymentUrl: address('100000001'),
    });
    expect(made()).toBe(2);
  });

  test('where another process lost the answer and the history names the address', async () => {
    given({ status: 'waiting', payment_url: address('184747701') });
    expect(await newProcess().createPayment(wanted)).toEqual({
      providerPaymentId: '184747701',
      paymentUrl: address('184747701'),
    });
    expect(made()).toBe(0);
  });

  test('or a second time where nobody can know the address of the first, which nobody was told either', async () => {
    given({ status: 'new' });
    expect((await newProcess().createPayment(wanted)).providerPaymentId).toBe('100000001');
  });

  test.each(['paying', 'Paid', 'underpaid'])(
    'and never again once its money came (%s), address or not',
    async (status) => {
      given({ status });
      expect(await newProcess().createPayment(wanted)).toEqual({ providerPaymentId: '184747701', paymentUrl: null });
      expect(made()).toBe(0);
    },
  );

  test.each([
    ['is over without a cent', { status: 'expired' }],
    ['has another price', { status: 'new', amount: 3 }],
    ['has an order number that is only like it', { status: 'new', order_id: `${order}-2` }],
    ['is older than any invoice lives', { status: 'waiting', date: seconds(-60 * 49) }],
  ])('but the one that %s is not taken for it', async (_, fields) => {
    given({ payment_url: address('184747701'), ...fields });
    expect((await client.createPayment(wanted)).providerPaymentId).toBe('100000001');
  });

  test('and not at all where its history cannot be read', async () => {
    gateway.trouble.push({ on: 'GET', how: { status: 503 } });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
    expect(made()).toBe(0);
  });

  test('in a shop with thousands of invoices, by its newest', async () => {
    for (let n = 0; n < 1000; n += 1) given({ track_id: `t${n}`, order_id: `O${n}`, status: 'new' });
    given({ status: 'waiting', payment_url: address('184747701') });
    expect((await client.createPayment(wanted)).providerPaymentId).toBe('184747701');
    expect(gateway.seen.length).toBeLessThanOrEqual(2);
  });
});

describe('a payment that OxaPay is asked about', () => {
  const ask = (providerPaymentId: string | null = '184747701') =>
    client.queryPayment({ gatewayOrderId: order, providerPaymentId });
  const usdt = (minor: number) => ({ minor, currency: 'USDT' });

  test.each([
    ['new', [], 'pending', 2_770_000],
    ['waiting', [], 'pending', 2_770_000],
    ['paying', [{ ...tx, status: 'confirming' }], 'processing', 2_770_000],
    ['paid', [tx], 'paid', 2_770_000],
    ['Paid', [{ ...tx, amount: 2.7 }], 'paid', 2_770_000],
    ['paid', [tx, tx], 'paid', 5_540_000],
    ['paid', [{ ...tx, currency: 'BTC', amount: 0.00003 }], 'paid', 2_770_000],
    ['manual_accept', [{ ...tx, amount: 1 }], 'paid', 2_770_000],
    ['underpaid', [{ ...tx, amount: 1 }], 'paid', 1_000_000],
    ['underpaid', [{ ...tx, currency: 'BTC', auto_convert: { amount: 1.5, currency: 'USDT' } }], 'paid', 1_500_000],
    ['expired', [], 'closed', 2_770_000],
    ['expired', [tx], 'paid', 2_770_000],
    ['expired', [{ ...tx, status: 'confirming' }], 'processing', 2_770_000],
    ['failed', [], 'failed', 2_770_000],
    ['refunding', [tx], 'paid', 2_770_000],
    ['refunded', [tx], 'paid', 2_770_000],
    ['under_review', [], 'unknown', 2_770_000],
  ] as const)('as %s with %j is %s', async (status, txs, state, minor) => {
    given({ status, txs });
    expect(await ask()).toMatchObject({
      status: state,
      providerStatus: status.toLowerCase(),
      providerPaymentId: '184747701',
      amount: usdt(minor),
    });
  });

  test('as underpaid in a coin whose worth it does not say is paid with nobody knows what', async () => {
    given({ status: 'underpaid', txs: [{ ...tx, currency: 'BTC', amount: 0.00001 }] });
    expect(await ask()).toMatchObject({ status: 'paid', amount: null });
  });

  test('as paid says when its last coin came', async () => {
    given({ status: 'paid', txs: [tx, { ...tx, amount: 0, date: seconds(9) }] });
    expect((await ask()).paidAt).toEqual(new Date('2026-11-21T12:09:00Z'));
  });

  test('by order number alone is looked for in its history, and the one with money counts', async () => {
    given({ track_id: '3', status: 'new' });
    given({ track_id: '2', status: 'paid', txs: [tx] });
    given({ track_id: '1', status: 'expired' });
    expect(await ask(null)).toMatchObject({ status: 'paid', providerPaymentId: '2' });
  });

  test('that it does not know proves nothing', async () => {
    expect(await ask()).toMatchObject({ status: 'unknown', providerStatus: 'not_found' });
    expect(await ask(null)).toMatchObject({ status: 'unknown', providerStatus: 'not_found' });
  });

  test("is no other order's", async () => {
    given({ status: 'paid', order_id: 'REPORT_20261121_OTHER000' });
    await expect(ask()).rejects.toThrow('another order');
  });

  test.each(['refunding', 'refunded'])('that is %s pays nothing any more', async (status) => {
    given({ status, txs: [tx] });
    expect(await ask()).toMatchObject({ status: 'paid', givenBack: true });
  });

  test('by the legacy names of fields and numbers as ids is read the same', async () => {
    given({ status: 'Paid', order_id: undefined, orderId: order, trackId: 184747701 });
    expect(await ask()).toMatchObject({ status: 'paid', providerPaymentId: '184747701' });
  });
});

describe('the list of OxaPay', () => {
  const from = new Date('2026-11-21T00:00:00Z');
  const to = new Date('2026-11-22T00:00:00Z');

  test('is gone through page by page, and has what was paid in that time', async () => {
    for (let n = 0; n < 250; n += 1) given({ track_id: `t${n}`, order_id: `O${n}`, status: 'paid', txs: [tx] });
    given({ track_id: 'early', status: 'paid', date: seconds(-60 * 30), txs: [{ ...tx, date: seconds(-60 * 13) }] });
    given({ track_id: 'yesterday', status: 'paid', date: seconds(-60 * 30), txs: [tx] });
    for (const status of ['new', 'expired', 'paying']) given({ track_id: status, status });
    const listed = (await client.listPayments?.(from, to)) ?? [];
    expect(listed).toHaveLength(251);
    expect(listed.at(-1)).toEqual({
      gatewayOrderId: order,
      providerPaymentId: 'yesterday',
      amount: { minor: 2_770_000, currency: 'USDT' },
      refundedMinor: 0,
      paidAt: new Date('2026-11-21T12:03:00Z'),
    });
    expect(gateway.seen).toHaveLength(3);
  });

  test.each([
    ['refunded', 2_770_000],
    ['refunding', null],
    ['underpaid', 0],
  ])('says of a %s one that %s went back', async (status, refundedMinor) => {
    given({ status, txs: [tx] });
    expect(await client.listPayments?.(from, to)).toMatchObject([{ refundedMinor }]);
  });
});

describe('OxaPay', () => {
  test('has no way to close a payment or to give money back', () => {
    expect([client.closePayment, client.refund, client.queryRefund]).toEqual([undefined, undefined, undefined]);
  });

  test('that refuses the key says which one to compare', async () => {
    const refusal = await newProcess('WRONG')
      .createPayment(wanted)
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(GatewayRefused);
    expect(refusal).toMatchObject({ message: expect.stringContaining('401 some_error') });
    expect(refusal).toMatchObject({ hint: expect.stringContaining('OXAPAY_SECRET_KEY') });
  });

  test.each([400, 403, 404, 422])('that answers %d to an invoice has refused it', async (status) => {
    gateway.trouble.push({ on: 'POST', how: { status } });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayRefused);
  });

  test.each([
    [{ status: 429 }],
    [{ status: 500 }],
    [{ status: 503 }],
    [{ status: 302 }],
    [{ status: 200, text: '<html>' }],
    [{ status: 200, text: '{"status":200}' }],
    [{ status: 200, text: '{"data":{"track_id":"1"},"status":200}' }],
    [{ status: 200, text: '{"data":{"track_id":"1","payment_url":"javascript:alert(1)"},"status":200}' }],
    [{ status: 200, text: '{"data":{},"status":500}' }],
  ])('that answers %j has not answered', async (how) => {
    gateway.trouble.push({ on: 'POST', how });
    await expect(client.createPayment(wanted)).rejects.toThrow(GatewayUnreachable);
  });

  test('that refuses inside an answer of 200 has refused all the same', async () => {
    gateway.trouble.push({
      on: 'POST',
      how: { status: 200, text: '{"data":{},"status":400,"error":{"key":"bad_amount"}}' },
    });
    await expect(client.createPayment(wanted)).rejects.toThrow('400 bad_amount');
  });

  test('leaves one log line for each call and no key in it', async () => {
    await client.createPayment(wanted);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { provider: 'oxapay', call: 'look up', order_no: order, status: 200 },
      { provider: 'oxapay', call: 'create', order_no: order, status: 200 },
    ]);
    expect(lines.join()).not.toContain(KEY);
  });
});
