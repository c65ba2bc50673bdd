// Makes an order, opens its payment, waits until it is paid, and gives the money back. Needs Node 20 or newer.
//   API_KEY=… PLAY=1 node docs/examples/client.mjs
// PUBLIC_URL: base of the API. PLAY=1: plays the payment, in development only. PROVIDER, METHOD: the way to pay.
import { createHmac, randomUUID } from 'node:crypto';

const { API_KEY, PUBLIC_URL = 'http://127.0.0.1:3001', PROVIDER = 'alipay', METHOD = 'ALIPAY_QR', PLAY } = process.env;
if (!API_KEY) throw new Error('set API_KEY to the key of the server');

const say = (text) => process.stdout.write(`${text}\n`);

/** A signed call. @returns the `data` of its answer. Throws what the answer says went wrong. */
async function call(method, path, content) {
  const body = content === undefined ? '' : JSON.stringify(content);
  const timestamp = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', API_KEY).update(`${timestamp}.${method} ${path}\n${body}`).digest('hex');
  const reply = await fetch(PUBLIC_URL + path, {
    method,
    headers: {
      Authorization: `Bearer ${API_KEY}`,
      'Content-Type': 'application/json',
      'X-Timestamp': String(timestamp),
      'X-Signature': signature,
    },
    body: body || undefined,
    signal: AbortSignal.timeout(15_000),
  });
  const answer = await reply.json();
  if (!answer.success) throw new Error(`${method} ${path}: ${answer.error.code}: ${answer.error.message}`);
  return answer.data;
}

/** Asks every second, a minute long. */
async function waitFor(ask, fits) {
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await ask();
    if (fits(answer)) return answer;
    await new Promise((done) => setTimeout(done, 1_000));
  }
  throw new Error('it took too long');
}

// Your own number of the order: the same one again is the same order, so this may be repeated after any failure.
const externalId = `example-${randomUUID()}`;
const order = await call('POST', '/api/create-order', {
  product_slug: 'bazi-basic',
  email: 'zhang@example.com',
  external_id: externalId,
  input: { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' },
});
say(`order ${order.order_no}`);

const payments = `/api/v1/payments/${PROVIDER}`;
const wish = { orderId: order.order_no, amount: order.amount, method: METHOD };
const payment = await call('POST', `${payments}/create`, wish);
say(`payment ${payment.payment_url ?? payment.qr_code}`);

if (PLAY === '1') await fetch(`${PUBLIC_URL}/api/payment/mock/success/${order.order_no}`, { method: 'POST' });
await waitFor(
  () => call('GET', `${payments}/query/${order.order_no}`),
  ({ status }) => status === 'paid',
);
say('paid');

const refundId = `R-${externalId}`;
const refund = await call('POST', `${payments}/refund`, { orderId: order.order_no, reason: 'an example', refundId });
say(`refund ${refund.refund_id}`);
await waitFor(
  () => call('GET', `/api/order-status/${order.order_no}`),
  ({ refund_status }) => refund_status === 'succeeded',
);
say('refunded');
