import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger, type Money, systemClock } from '@mingdan/kernel';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { type CreatedPayment, createClients, type PaymentClient } from '@mingdan/payments/clients';
import { providerSettings } from '@mingdan/payments/settings';
import { createVerifiers, type NoticeVerifier } from '@mingdan/payments/verifiers';
import { type GatewayName, gateways, type MadeKeys, type Sandbox, startSandbox } from '../src/index.ts';
import { BOT_TOKEN, eventually } from './harness.ts';

/** The product's own clients and verifiers against the stand-ins, with the keys and addresses that `npm start` gives them. */

const log = createLogger({ process: 'sandbox', level: 'silent' });

let made: Partial<Record<GatewayName, MadeKeys>>;
let sandbox: Sandbox;
let shop: Server;
let shopUrl = '';
let heard: string[] = [];
let verifier: NoticeVerifier;
let client: PaymentClient;

beforeAll(async () => {
  made = Object.fromEntries(gateways.map((gateway) => [gateway.name, gateway.makeKeys()]));
  shop = createServer(async (req, res) => {
    const parts: Buffer[] = [];
    for await (const part of req) parts.push(part);
    const notice = verifier.verify({ headers: req.headers, body: Buffer.concat(parts) }, new Date());
    heard.push(notice.problem ?? (notice.merchantMatches ? notice.kind : 'of a foreign merchant'));
    const { status, contentType, body } = verifier.acknowledgement;
    res.writeHead(status, { 'content-type': contentType }).end(body);
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const address = shop.address();
  shopUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  sandbox = await startSandbox({
    port: 0,
    botToken: BOT_TOKEN,
    gateways: Object.fromEntries(Object.entries(made).map(([name, keys]) => [name, keys.sandbox])),
    webhookUrl: shopUrl,
    deepseekApiKey: 'sk-test',
    yuanfenjuApiKey: 'yfj-test',
    log,
    noticeRetryMs: [],
  });
}, 30_000);
afterAll(async () => {
  await sandbox.close();
  shop.close();
});

function take(name: GatewayName): void {
  const gateway = gateways.find((known) => known.name === name);
  const settings = providerSettings.find(({ provider }) => provider === name);
  if (!gateway || !settings) throw new Error(`the product has no ${name}`);
  const environment: Record<string, string> = {
    ...made[name]?.environment,
    ...gateway.addresses(sandbox.gatewayBases[name], sandbox.url),
  };
  const partFor = (side: 'webhook' | 'bot') =>
    Object.fromEntries(
      settings.variables
        .filter(({ neededBy }) => neededBy === side || neededBy === 'both')
        .flatMap((variable) => (environment[variable.name] ? [[variable.name, environment[variable.name]]] : [])),
    );
  const found = {
    verifier: createVerifiers(new Map([[name, settings.webhook.parse(partFor('webhook'))]])).get(name),
    client: createClients(new Map([[name, settings.bot.parse(partFor('bot'))]]), { clock: systemClock, log }).get(name),
  };
  if (!found.client || !found.verifier) throw new Error(`the product has no whole ${name}`);
  ({ client, verifier } = found);
}

/** Where the buyer gets to: by the link, or by scanning or handing on what there is instead. */
async function pageOf(created: CreatedPayment): Promise<string> {
  const texts = [created.qrCode, ...Object.values(created.clientParams ?? {})].filter((text) => text);
  const links = [
    created.paymentUrl,
    ...texts.map((text) => `${sandbox.url}/scan?text=${encodeURIComponent(text ?? '')}`),
  ];
  for (const link of links) {
    const page = link ? await fetch(link) : undefined;
    if (page?.ok) return page.url;
  }
  throw new Error('nothing leads to the payment page');
}

const methods = gateways.flatMap(({ name }) =>
  (providerCapabilities.get(name)?.methods ?? []).map((method) => ({ name, ...method })),
);

describe('a payment', () => {
  test.each(methods)(
    'by $method is made, found, paid at its page, told and given back',
    async ({ name, method, currency }) => {
      take(name);
      heard = [];
      const amount: Money = { minor: currency === 'USDT' ? 2_760_000 : 1_990, currency };
      const gatewayOrderId = `REPORT_20261121_${method.replace(/\W|_/g, '').slice(-10)}`;
      const created = await client.createPayment({
        gatewayOrderId,
        amount,
        subject: '八字简批',
        notifyUrl: `${shopUrl}/webhook/${name}`,
        returnUrl: 'http://127.0.0.1:3001/order/x',
        expiresAt: new Date(Date.now() + 31 * 60_000),
        method,
        buyer: {
          userId: 1,
          telegramId: 1001,
          language: 'zh-CN',
          openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
          ip: '127.0.0.1',
        },
      });
      const reference = { gatewayOrderId, providerPaymentId: created.providerPaymentId };
      const page = await pageOf(created);
      expect(await client.queryPayment(reference)).toMatchObject({ status: 'pending' });
      await fetch(`${page}/pay`, { method: 'POST' });
      await eventually(() => heard.includes('paid'));
      const paid = await client.queryPayment(reference);
      expect(paid).toMatchObject({ status: 'paid', amount });
      if (client.refund) {
        const refund = { refundId: `${gatewayOrderId}-r1`, gatewayOrderId, providerPaymentId: paid.providerPaymentId };
        const more = { amount, paymentAmount: amount, reason: 'test', buyer: { userId: 1, telegramId: 1001 } };
        await client.refund({ ...refund, ...more, notifyUrl: `${shopUrl}/webhook/${name}/refund` });
        await eventually(() => heard.includes('refunded'));
      }
      const expected = ['processing', 'paid', 'refunded'];
      expect(heard.filter((kind) => !expected.includes(kind))).toEqual([]);
    },
  );
});
