import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TestDatabase } from '@mingdan/db/testing';
import { formatAmount } from '@mingdan/kernel';
import { findOrder } from '@mingdan/orders';
import { anUnpaidOrder, testDatabase } from '@mingdan/orders/testing';
import { seal } from '../../../packages/payments/src/providers/wechat/wire.ts';
import { endedCertificate, run, shop } from './given.ts';

const API_V3_KEY = 'v3-key-of-the-test-with-32-bytes';

let database: TestDatabase;
let gateway: Server;
let base = '';
/** what PingPong says of an order, by its number */
const payments = new Map<string, object>();

/** PingPong's query and WeChat Pay's list of certificates, without the checks of their signatures. */
function answer(path: string): [number, unknown] {
  if (path === '/v3/certificates') {
    const encrypt_certificate = {
      algorithm: 'AEAD_AES_256_GCM',
      ...seal(endedCertificate, API_V3_KEY, '0123456789ab', 'certificate'),
    };
    return [200, { data: [{ serial_no: '5157F09E', encrypt_certificate }] }];
  }
  const payment = payments.get(path.split('/').at(-1) ?? '');
  return payment ? [200, payment] : [404, { error: 'not found' }];
}

beforeAll(async () => {
  database = await testDatabase();
  gateway = createServer((request, response) => {
    const [status, body] = answer(new URL(request.url ?? '/', 'http://x').pathname);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await database.drop();
  gateway.closeAllConnections();
  gateway.close();
});

test('reconcile books what a lost notice would have told, and compares the day', async () => {
  const { TELEGRAM_BOT_TOKEN: _, ...rest } = shop(database.url);
  const env = {
    ...rest,
    PINGPONG_API_BASE: base,
    PINGPONG_MERCHANT_ID: 'M1',
    PINGPONG_API_SECRET: 'secret-of-calls',
    PINGPONG_WEBHOOK_SECRET: 'secret-of-notices',
  };
  const order = await anUnpaidOrder(database.db);
  payments.set(order.orderNo, {
    payment_id: `PAY-${order.orderNo}`,
    order_id: order.orderNo,
    status: 'paid',
    amount: formatAmount(order.amount),
    currency: 'CNY',
  });
  const { code, out } = await run(env, ['reconcile', '--since', '1h', '--json']);
  expect(await findOrder(database.db, order.orderNo)).toMatchObject({ status: 'paid' });
  const { asked, days, unanswered } = JSON.parse(out);
  expect({ code, asked, unanswered }).toEqual({ code: 0, asked: 1, unanswered: [] });
  expect(days.filter(({ ours }: { ours: { count: number } }) => ours.count > 0)).toMatchObject([
    {
      provider: 'pingpong',
      ours: { count: 1, amount: '19.90' },
      theirs: { count: 1, amount: '19.90' },
      differences: [],
    },
  ]);
  expect((await run(env, ['reconcile', '--since', '1h'])).out).toMatch(/✓ .*pingpong {2}ours 1, 19\.90 CNY; theirs 1/);
});

test('wechat fetch-certificates prints the certificates as the settings that hold them', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const env = {
    ...shop(database.url),
    WECHAT_API_BASE: base,
    WECHAT_MCH_ID: '1900000001',
    WECHAT_API_V3_KEY: API_V3_KEY,
    WECHAT_API_CLIENT_KEY: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
    WECHAT_API_SERIAL_NO: '3D03A63187F678472C647B3DA2CF5796E8EBE889',
  };
  const { code, out } = await run(env, ['wechat', 'fetch-certificates']);
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines).toEqual([
    '# 5157F09E ends on 2021-01-01',
    'WECHAT_PLATFORM_KEY_ID="5157F09E"',
    `WECHAT_PLATFORM_PUBLIC_KEY="${endedCertificate.replaceAll('\n', '\\n')}"`,
  ]);
  const { settings } = JSON.parse((await run(env, ['wechat', 'fetch-certificates', '--json'])).out);
  expect(settings.WECHAT_PLATFORM_KEY_ID).toBe('5157F09E');
});
