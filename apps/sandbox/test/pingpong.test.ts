import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sandbox } from '../src/index.ts';
import { API_SECRET, eventually, hmac, listener, sandbox, WEBHOOK_SECRET } from './harness.ts';

let gateway: Sandbox;
let shop: Awaited<ReturnType<typeof listener>>;
let shopStatus = 200;
let number = 0;
let orderId = '';

beforeAll(async () => {
  gateway = await sandbox();
  shop = await listener(() => shopStatus);
});
beforeEach(() => {
  orderId = `REPORT_20261121_TEST${String(++number).padStart(4, '0')}`;
  shop.heard.length = 0;
  shopStatus = 200;
});
afterEach(() => gateway.control.faults.reset());
afterAll(async () => {
  await gateway.close();
  await shop.close();
});

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await fetch(`${gateway.pingpongApiBase}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'x-timestamp': String(Math.floor(Date.now() / 1_000)),
      'x-signature': hmac(API_SECRET, text ?? new URL(`${gateway.pingpongApiBase}${path}`).pathname),
      ...headers,
    },
    ...(text !== undefined && { body: text }),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

const create = (more = {}) =>
  call('POST', '/v1/payments', {
    merchant_id: 'test-merchant',
    order_id: orderId,
    amount: '19.90',
    currency: 'CNY',
    subject: '八字精批',
    notify_url: shop.url,
    return_url: 'https://t.me/some_bot',
    expires_in: 1_800,
    ...more,
  });
const refund = (refundId: string, amount: string) =>
  call('POST', '/v1/refunds', { refund_id: refundId, order_id: orderId, amount, currency: 'CNY', reason: 'test' });
const notices = () => shop.heard.map(({ body }) => JSON.parse(body));

describe('payments', () => {
  test('the same order id is the same payment', async () => {
    const first = await create();
    const second = await create({ amount: '99.00' });
    expect(first.status).toBe(200);
    expect(second.body.payment_id).toBe(first.body.payment_id);
    expect(second.body.amount).toBe('19.90');
    expect(first.body.payment_url).toBe(`${gateway.pingpongApiBase}/checkout/${first.body.payment_id}`);
  });

  test.each([
    ['no signature', { 'x-signature': '' }],
    ['another secret', { 'x-signature': hmac('other', '{}') }],
    ['an old timestamp', { 'x-timestamp': '1600000000' }],
  ])('a request with %s is refused', async (_what, headers) => {
    expect((await call('POST', '/v1/payments', { order_id: orderId }, headers)).status).toBe(401);
    expect(gateway.control.pingpong.payment(orderId)).toBeUndefined();
  });

  test('a query is signed over the whole path or over what follows the base', async () => {
    await create();
    const path = `/v1/payments/${orderId}`;
    expect((await call('GET', path)).body).toMatchObject({ status: 'pending', amount: '19.90', currency: 'CNY' });
    expect((await call('GET', path, undefined, { 'x-signature': hmac(API_SECRET, path) })).status).toBe(200);
    expect((await call('GET', path, undefined, { 'x-signature': hmac(API_SECRET, '/v1/payments/OTHER') })).status).toBe(
      401,
    );
    expect((await call('GET', '/v1/payments/UNKNOWN')).status).toBe(404);
  });

  test('a paid payment is told with a signed notice, and cannot be closed', async () => {
    const { payment_id } = (await create()).body;
    await gateway.control.pingpong.act(orderId, 'pay');
    const [heard] = shop.heard;
    expect(heard?.headers['x-signature']).toBe(hmac(WEBHOOK_SECRET, heard?.body ?? ''));
    expect(notices()).toMatchObject([
      { order_id: orderId, status: 'paid', payment_id, amount: '19.90', currency: 'CNY' },
    ]);
    expect((await call('GET', `/v1/payments/${orderId}`)).body.status).toBe('paid');
    expect((await call('POST', `/v1/payments/${orderId}/close`)).status).toBe(409);
  });

  test('a buyer whose bank declined may still pay', async () => {
    await create();
    await gateway.control.pingpong.act(orderId, 'fail');
    await gateway.control.pingpong.act(orderId, 'pay');
    expect(notices().map((notice) => notice.status)).toEqual(['failed', 'paid']);
  });

  test('paying twice is two payments of one order', async () => {
    await create();
    await gateway.control.pingpong.act(orderId, 'pay-twice');
    const ids = notices().map((notice) => notice.payment_id);
    expect(new Set(ids).size).toBe(2);
  });

  test('who pays late pays once the payment is closed', async () => {
    await create();
    await gateway.control.pingpong.act(orderId, 'pay-late');
    expect(shop.heard).toHaveLength(0);
    expect((await call('POST', `/v1/payments/${orderId}/close`)).body.status).toBe('closed');
    await eventually(() => shop.heard.length > 0);
    expect(notices()).toMatchObject([{ status: 'paid' }]);
  });

  test('a payment closes when its time is over, and takes no money then', async () => {
    await create({ expires_in: 1 });
    await eventually(() => gateway.control.pingpong.payment(orderId)?.status === 'closed');
    await expect(gateway.control.pingpong.act(orderId, 'pay')).rejects.toThrow('closed');
  });

  test('a wrong amount shows in the notice and in the query', async () => {
    await create();
    await gateway.control.pingpong.act(orderId, 'pay-wrong-amount');
    expect(notices()).toMatchObject([{ status: 'paid', amount: '9.95' }]);
    expect((await call('GET', `/v1/payments/${orderId}`)).body).toMatchObject({ status: 'paid', amount: '9.95' });
  });
});

describe('refunds', () => {
  beforeEach(async () => {
    await create();
    await gateway.control.pingpong.act(orderId, 'pay');
  });

  test('the same refund id gives money back once', async () => {
    expect((await refund(`${orderId}-r1`, '19.90')).body.status).toBe('succeeded');
    expect((await refund(`${orderId}-r1`, '19.90')).body.status).toBe('succeeded');
    expect((await refund(`${orderId}-r1`, '1.00')).status).toBe(409);
    await eventually(() => shop.heard.length === 2);
    expect(notices().at(-1)).toMatchObject({ refund_id: `${orderId}-r1`, order_id: orderId, status: 'refunded' });
  });

  test('never more goes back than came in', async () => {
    expect((await refund(`${orderId}-r1`, '15.00')).status).toBe(200);
    const refused = await refund(`${orderId}-r2`, '5.00');
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'amount_exceeds_paid' } } });
    expect((await refund(`${orderId}-r3`, '4.90')).status).toBe(200);
  });

  test('a refund may stay pending until somebody settles it', async () => {
    gateway.control.faults.set({ pingpong: { refunds: 'stay_pending' } });
    expect((await refund(`${orderId}-r1`, '19.90')).body.status).toBe('pending');
    await gateway.control.pingpong.settleRefund(`${orderId}-r1`, 'failed');
    expect((await call('GET', `/v1/refunds/${orderId}-r1`)).body.status).toBe('failed');
    expect(notices().at(-1)).toMatchObject({ status: 'refund_failed' });
  });
});

describe('notices', () => {
  beforeEach(() => create());

  test('a notice that is not taken comes again, the same to the byte', async () => {
    shopStatus = 503;
    await gateway.control.pingpong.act(orderId, 'pay');
    await eventually(() => shop.heard.length >= 2);
    shopStatus = 200;
    await eventually(() => gateway.control.pingpong.notices().at(-1)?.state === 'taken');
    expect(new Set(shop.heard.map(({ body }) => body)).size).toBe(1);
  });

  test('copies, lost notices and a stale one after the last can be asked for', async () => {
    gateway.control.faults.set({ pingpong: { notices: { lose: 1 } } });
    await gateway.control.pingpong.sendNotice(orderId, { status: 'paid' });
    expect(shop.heard).toHaveLength(0);
    gateway.control.faults.set({ pingpong: { notices: { repeat: 2, outOfOrder: true } } });
    await gateway.control.pingpong.act(orderId, 'pay');
    expect(notices().map((notice) => notice.status)).toEqual(['paid', 'paid', 'paid', 'failed', 'failed', 'failed']);
  });
});

test('the checkout page shows the order without its markup and pays by a plain form', async () => {
  const { payment_url } = (await create({ subject: '<script>alert(1)</script>' })).body;
  const page = await (await fetch(payment_url)).text();
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(page).not.toContain('<script>');
  const paid = await fetch(`${payment_url}/pay`, { method: 'POST' });
  expect(await paid.text()).toContain('data-status="paid"');
  expect(notices()).toMatchObject([{ order_id: orderId, status: 'paid' }]);
});

test('the panel pays by order number and sets faults, and says what it does not know', async () => {
  await create();
  const post = (path: string) => fetch(`${gateway.url}/panel/api/pingpong/${path}`, { method: 'POST' });
  expect((await post(`${orderId}/pay`)).status).toBe(200);
  expect(notices()).toMatchObject([{ order_id: orderId, status: 'paid' }]);
  expect((await post(`${orderId}/fly`)).status).toBe(404);
  const put = (body: unknown) =>
    fetch(`${gateway.url}/panel/api/faults`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  expect((await put({ pingpong: { fail: { status: 99 } } })).status).toBe(422);
  expect((await put({ pingpong: { fail: { status: 500, times: 1 } } })).status).toBe(200);
  expect((await call('GET', `/v1/payments/${orderId}`)).status).toBe(500);
  expect((await call('GET', `/v1/payments/${orderId}`)).status).toBe(200);
});
