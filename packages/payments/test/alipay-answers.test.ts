import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AlipaySdk } from 'alipay-sdk';
import { GatewayRefused, GatewayUnreachable, type PaymentClient } from '../src/index.ts';
import { partsOf } from '../src/providers/alipay/wire.ts';
import { alipay, app, appId, FakeAlipay, no, order, payment, type Reply, trade, wanted } from './alipay-gateway.ts';

let gateway: FakeAlipay;
let client: PaymentClient;

beforeEach(async () => {
  gateway = new FakeAlipay();
  await gateway.open();
  client = gateway.client();
});
afterEach(() => gateway.close());

describe('an answer of Alipay', () => {
  const query = () => client.queryPayment(payment);
  const forged = JSON.stringify({ ...trade, total_amount: '999.00' });

  test.each<[string, Reply]>([
    ['signed by somebody else', { part: trade, key: app.privateKey }],
    ['changed on its way', { part: trade, change: (text) => text.replace('19.90', '99.90') }],
    ['written anew', { part: { ...trade, qr: 'https://a/b' }, change: (text) => text.replaceAll('\\/', '/') }],
    ['without a signature', { part: trade, change: (text) => text.replace('"sign"', '"nothing"') }],
    ['with an empty signature', { part: trade, change: (text) => text.replace(/"sign":"[^"]*"/, '"sign":""') }],
    [
      'with a signature that is a number',
      { part: trade, change: (text) => text.replace(/"sign":"[^"]*"/, '"sign":1') },
    ],
    [
      'with the signed part and another of its name',
      { part: trade, change: (text) => text.replace(/}$/, `,"alipay_trade_query_response":${forged}}`) },
    ],
    [
      'with another part of its name before it',
      { part: trade, change: (text) => text.replace('{', `{"alipay_trade_query_response":${forged},`) },
    ],
    ['to another question', { part: trade, partName: 'alipay_trade_close_response' }],
    ['in an unsigned part for errors that says 10000', { text: `{"error_response":${forged}}` }],
  ])('%s is none', async (_, reply) => {
    gateway.replies.push(reply);
    await expect(query()).rejects.toThrow(GatewayUnreachable);
  });

  test('under any of several keys is taken', async () => {
    const rotating = gateway.client({ publicKeys: [app.publicKey, alipay.publicKey] });
    gateway.replies.push({ part: trade });
    expect(await rotating.queryPayment(payment)).toMatchObject({ status: 'paid' });
  });

  test('is taken with its signature in front, brackets in its texts and the number of a certificate', async () => {
    const part = { ...trade, subject: 'a "quoted" } ] { [ , \\ text' };
    gateway.replies.push({
      part,
      change: (text) => {
        const [, body, sign] = /^{(.*),("sign":"[^"]*")}$/s.exec(text) ?? [];
        return ` {${sign} , ${body}, "alipay_cert_sn":"ab"}\n`;
      },
    });
    expect(await query()).toMatchObject({ status: 'paid' });
  });

  test.each([
    ['40002', 'isv.invalid-signature', 'ALIPAY_PRIVATE_KEY'],
    ['40002', 'isv.invalid-app-id', 'ALIPAY_APP_ID'],
    ['40006', 'isv.insufficient-isv-permissions', 'no permission'],
    ['20001', 'aop.invalid-auth-token', 'ALIPAY_PRIVATE_KEY'],
    ['40002', 'isv.invalid-timestamp', 'clock'],
  ])('of %s %s is a refusal that says what to do, signed or not', async (code, sub, hint) => {
    gateway.replies.push(no(sub, code), { text: JSON.stringify({ error_response: no(sub, code).part }) });
    for (let times = 0; times < 2; times += 1) {
      const refusal = await query().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(GatewayRefused);
      expect(refusal).toMatchObject({ hint: expect.stringContaining(hint) });
    }
  });

  test.each<Reply>([
    { status: 500 },
    { status: 503 },
    { status: 429 },
    { status: 403, part: trade },
    { status: 302, headers: { location: 'http://127.0.0.1:1/' } },
    { text: '<html>' },
    { text: '' },
    { text: '[]' },
    { text: 'null' },
    { text: '{}' },
    { text: '{"alipay_trade_query_response":"10000","sign":"AA=="}' },
    { part: { ...trade, filler: 'x'.repeat(300_000) } },
  ])('like %# is none', async (reply) => {
    gateway.replies.push(reply);
    await expect(query()).rejects.toThrow(GatewayUnreachable);
    expect(gateway.seen).toHaveLength(1);
  });
});

describe('a connection to Alipay', () => {
  test('that breaks is tried once more', async () => {
    gateway.replies.push({ hangUp: true }, { part: trade });
    expect(await client.queryPayment(payment)).toMatchObject({ status: 'paid' });
    expect(gateway.seen).toHaveLength(2);
  });

  test('that is refused is unreachable', async () => {
    const nobody = gateway.client({ gatewayUrl: 'http://127.0.0.1:1/gateway.do' });
    await expect(nobody.queryPayment(payment)).rejects.toThrow(GatewayUnreachable);
  });

  test('that says nothing is given up after three seconds where a buyer waits', async () => {
    gateway.replies.push({ delayMs: 8_000 });
    await expect(client.createPayment(wanted)).rejects.toThrow('no answer within 3000 ms');
  });

  test('leaves one log line for each call, and nothing of keys, signatures or buyers in lines and errors', async () => {
    const buyer = { buyer_logon_id: '159****5620' };
    gateway.replies.push({ part: { ...trade, ...buyer } }, { part: { ...trade, ...buyer }, key: app.privateKey });
    await client.queryPayment(payment);
    const error = await client.queryPayment(payment).catch((thrown: unknown) => thrown);
    expect(gateway.lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'info', msg: 'outside call', provider: 'alipay', call: 'query', order_no: order, status: 200 },
      { msg: 'outside call', call: 'query', order_no: order, status: 200, duration_ms: expect.any(Number) },
    ]);
    const told = `${gateway.lines.join()}${error instanceof Error ? `${error.message}${error.cause}` : ''}`;
    for (const secret of ['159****5620', 'sign=', gateway.seen[0]?.fields.get('sign') ?? '', 'PRIVATE KEY'])
      expect(told).not.toContain(secret);
  });
});

describe("beside the vendor's own library", () => {
  test('what it sends is what we send', async () => {
    const sdk = new AlipaySdk({
      appId,
      privateKey: String(app.privateKey.export({ format: 'pem', type: 'pkcs8' })),
      keyType: 'PKCS8',
      alipayPublicKey: String(alipay.publicKey.export({ format: 'pem', type: 'spki' })),
      gateway: gateway.gatewayUrl,
    });
    gateway.replies.push({ part: trade }, { part: trade });
    const bizContent = { out_trade_no: order };
    const theirs = { timestamp: '2026-11-21 20:00:00', bizContent };
    // It takes our stand-in's signature too.
    expect(await sdk.exec('alipay.trade.query', theirs, { validateSign: true })).toMatchObject({ code: '10000' });
    await client.queryPayment(payment);
    expect(Object.fromEntries(gateway.seen[1]?.inAddress ?? [])).toEqual(
      Object.fromEntries(gateway.seen[0]?.inAddress ?? []),
    );
    expect(Object.fromEntries(gateway.seen[1]?.inBody ?? [])).toEqual(
      Object.fromEntries(gateway.seen[0]?.inBody ?? []),
    );
  });
});

test('an answer of 256 kB of blanks is read at once', () => {
  const text = `{"a": "${' '.repeat(256_000)}x" , "sign" : "s"}`;
  const start = performance.now();
  expect([...(partsOf(text)?.keys() ?? [])]).toEqual(['a', 'sign']);
  expect(partsOf(text)?.get('sign')).toBe('"s"');
  expect(performance.now() - start).toBeLessThan(500);
});
