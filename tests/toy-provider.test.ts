import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, randomToken, systemClock } from '@mingdan/kernel';
import type { OperationDeps } from '@mingdan/operations';
import type { Order, Product } from '@mingdan/orders';
import request from 'supertest';

/**
 * A stranger adds a gateway: the blocks of docs/add-a-payment-provider.md, as they stand there, in a copy of the repository. What is
 * imported from the copy is this repository with one folder and one line more.
 */
const root = join(import.meta.dirname, '..');
const copy = mkdtempSync(join(tmpdir(), 'mingdan-toy-'));
const guide = readFileSync(join(root, 'docs/add-a-payment-provider.md'), 'utf8');
const blocks = new Map(
  [...guide.matchAll(/^\*\*`([^`]+)`\*\*\n\n```\w+\n([\s\S]*?)\n```$/gm)].map(([, path = '', text = '']) => [
    path,
    text,
  ]),
);
const REGISTRY = 'packages/payments/src/registry.ts';
const written = [...blocks.keys()].filter((path) => path !== REGISTRY);
const inCopy = (path: string): string => join(copy, path);

makeCopy();
afterAll(() => rmSync(copy, { recursive: true, force: true }));

function makeCopy(): void {
  const isSource = (path: string): boolean => !path.includes('node_modules');
  for (const path of [
    'packages',
    'apps/webhook',
    'apps/bot',
    'migrations',
    'docs/settings.md',
    '.env.example',
    'package.json',
    'biome.json',
  ])
    cpSync(join(root, path), inCopy(path), { recursive: true, filter: isSource });
  linkModules();
  for (const path of written) {
    mkdirSync(dirname(inCopy(path)), { recursive: true });
    writeFileSync(inCopy(path), `${blocks.get(path)}\n`);
  }
  const [, after = '', added = ''] = /^ (.+)\n\+(.+)$/m.exec(blocks.get(REGISTRY) ?? '') ?? [];
  const registry = readFileSync(inCopy(REGISTRY), 'utf8');
  writeFileSync(inCopy(REGISTRY), registry.replace(`${after}\n`, `${after}\n${added}\n`));
}

/** Others' packages are shared; ours are those of the copy. */
function linkModules(): void {
  const [from, to] = [join(root, 'node_modules'), inCopy('node_modules')];
  mkdirSync(join(to, '@mingdan'), { recursive: true });
  for (const name of readdirSync(from).filter((each) => each !== '@mingdan'))
    symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(inCopy('packages')))
    symlinkSync(inCopy(`packages/${name}`), join(to, '@mingdan', name));
}

// The suites that judge every folder judge this one; they describe themselves when they are loaded.
await import(inCopy('packages/payments/test/toypay-notices.test.ts'));
await import(inCopy('packages/payments/test/registry.test.ts'));
await import(inCopy('packages/config/test/env-example.test.ts'));

describe('the toy provider of the guide', () => {
  test('is one folder, one line, and its test, in less than 150 lines of code', () => {
    expect(written.filter((path) => !path.startsWith('packages/payments/src/providers/toypay/'))).toEqual([
      'packages/payments/test/toypay-notices.test.ts',
    ]);
    expect(blocks.get(REGISTRY)?.match(/^\+/gm)).toHaveLength(1);
    const code = written.filter((path) => path.endsWith('.ts')).flatMap((path) => (blocks.get(path) ?? '').split('\n'));
    expect(code.filter((line) => !/^\s*(\/\/.*|\/\*\*.*)?$/.test(line)).length).toBeLessThan(150);
  });

  test('is written as `npm run check` wants it', () => {
    const biome = join(root, 'node_modules/.bin/biome');
    const files = written.filter((path) => path.endsWith('.ts'));
    expect(() =>
      execFileSync(biome, ['check', '--error-on-warnings', '--vcs-enabled=false', ...files], {
        cwd: copy,
        stdio: 'pipe',
      }),
    ).not.toThrow();
    const options = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as { compilerOptions: object };
    writeFileSync(inCopy('tsconfig.json'), JSON.stringify({ compilerOptions: options.compilerOptions, files }));
    const checked = (): string => execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', copy], { encoding: 'utf8' });
    expect(checked).not.toThrow();
  }, 60_000);
});

const clients: typeof import('@mingdan/payments/clients') = await import(inCopy('packages/payments/src/clients.ts'));
const doorOne: typeof import('@mingdan/payments/verifiers') = await import(
  inCopy('packages/payments/src/verifiers.ts')
);
const known: typeof import('@mingdan/payments/settings') = await import(inCopy('packages/payments/src/settings.ts'));
const signers: typeof import('@mingdan/payments/testing') = await import(inCopy('packages/payments/src/testing.ts'));
const config: typeof import('@mingdan/config') = await import(inCopy('packages/config/src/index.ts'));
const orders: typeof import('@mingdan/orders') = await import(inCopy('packages/orders/src/index.ts'));
const given: typeof import('@mingdan/orders/testing') = await import(inCopy('packages/orders/src/testing.ts'));
const operations: typeof import('@mingdan/operations') = await import(inCopy('packages/operations/src/index.ts'));
const refunder: typeof import('../apps/bot/src/worker/refund.ts') = await import(
  inCopy('apps/bot/src/worker/refund.ts')
);
const app: typeof import('../apps/webhook/src/app.ts') = await import(inCopy('apps/webhook/src/app.ts'));
const stores: typeof import('../apps/webhook/src/store.ts') = await import(inCopy('apps/webhook/src/store.ts'));
const refused: typeof import('../apps/webhook/src/refusals.ts') = await import(inCopy('apps/webhook/src/refusals.ts'));

const env = {
  DATABASE_URL: 'postgres://127.0.0.1/unused',
  TOYPAY_MERCHANT: 'T-1',
  TOYPAY_API_BASE: 'https://api.toypay.example',
  TOYPAY_API_SECRET: 'secret-of-calls',
  TOYPAY_NOTICE_SECRET: 'secret-of-notices',
};
const toypay = known.providerNames.find((name) => String(name) === 'toypay') ?? 'mock';
const log = createLogger({ process: 'test', level: 'silent' });

/** What stands at the other end of `TOYPAY_API_BASE`. */
const gateway = { asked: new Map<string, object>(), paid: new Set<string>(), refunds: new Set<string>() };
const atGateway: typeof fetch = async (url, init) => {
  const body = String(init?.body);
  const hex = createHmac('sha256', env.TOYPAY_API_SECRET).update(body).digest('hex');
  if (new Headers(init?.headers).get('x-toypay-signature') !== hex) return new Response('', { status: 401 });
  const { order, refund, amount, currency } = JSON.parse(body);
  if (!refund && amount) gateway.asked.set(order, { amount, currency });
  const status = gateway.paid.has(order) ? 'paid' : 'pending';
  const answers: Record<string, object> = {
    '/create': { order, id: `TOY-${order}`, url: `https://toypay.example/${order}` },
    '/query': { order, id: `TOY-${order}`, status, ...gateway.asked.get(order) },
    '/refund': { order, status: 'succeeded' },
  };
  if (refund) gateway.refunds.add(refund);
  return Response.json(answers[new URL(String(url)).pathname]);
};

describe('an order that is paid by it', () => {
  const bot = config.readCliConfig(env, { providers: known.providerSettings }).config;
  const verifiers = doorOne.createVerifiers(
    config.readWebhookConfig(env, { providers: known.providerSettings }).providers,
  );
  let database: TestDatabase;
  let deps: OperationDeps;
  beforeAll(async () => {
    database = await given.testDatabase();
    const house = orders.createHouse(database.db);
    deps = {
      db: database.db,
      vault: given.testVault,
      clock: systemClock,
      log,
      clients: clients.createClients(bot.providers, { clock: systemClock, log, fetch: atGateway, house }),
      settings: {
        webhookUrl: 'https://pay.example',
        publicUrl: 'https://shop.example',
        offered: bot.offered,
        orderExpiryMinutes: 30,
        notifyUrls: {},
        refundNotifyUrls: {},
        chatStarsOnly: false,
        starsByRate: false,
        secretKeys: ['k'.repeat(32)],
        operatorChatId: null,
        operatorLanguage: 'en',
        maxOpenOrdersPerBuyer: 20,
      },
    };
  });
  afterAll(() => database.drop());

  async function newOrder(): Promise<Order> {
    const { id: userId } = await given.aUser(database.db);
    const product = (await orders.findProduct(database.db, 'bazi-basic')) as Product;
    const wanted = { userId, product, input: {}, language: 'en', confirmationId: randomToken() } as const;
    const rest = { baziSource: 'local', expiryMinutes: 30, maxOpen: 20 } as const;
    return (await orders.createOrder(database.db, given.testVault, { ...wanted, ...rest }, systemClock)).order;
  }
  const now = (order: Order): Promise<Order | undefined> => orders.findOrder(database.db, order.orderNo);

  function webhook() {
    const store = stores.createNoticeStore(() => database.db);
    const refusals = refused.createRefusals({ store, clock: systemClock, log });
    const rest = { sealer: null, clock: systemClock, log, wake: () => undefined, ready: async () => true };
    return app.createApp({ verifiers, store, refusals, ...rest });
  }

  /** What the gateway would send. */
  async function notify(order: Order, kind: 'paid' | 'refunded', refundId: string | null = null) {
    const notice = {
      kind,
      gatewayOrderId: order.orderNo,
      providerPaymentId: `TOY-${order.orderNo}`,
      refundId,
      amount: order.amount,
      merchant: 'ours',
      at: new Date(),
    } as const;
    const signed = signers.noticeSigners.get(toypay)?.signNotice(env, notice);
    return request(webhook())
      .post('/webhook/toypay')
      .set('content-type', 'application/json')
      .set('x-toypay-signature', String(signed?.headers['x-toypay-signature']))
      .serialize((bytes) => bytes as never)
      .send(signed?.body);
  }

  test('is offered it in chat and on the web, under its own name', async () => {
    const order = await newOrder();
    for (const surface of ['chat', 'phone', 'computer'] as const) {
      const offers = await operations.offersFor(deps, order, surface);
      expect(offers.map(({ provider, amount }) => [provider, amount])).toContainEqual(['toypay', order.amount]);
    }
    const ways = await import(inCopy('apps/bot/src/telegram/conversations/ways.ts'));
    const [offer] = await operations.offersFor(deps, order, 'chat');
    expect(ways.wayButtons({ language: 'en' }, order, [offer])).toEqual([
      [{ text: 'Toypay', callbackData: `pay:toypay:${order.orderNo}` }],
    ]);
  });

  test('goes from create over its notice to paid, and by a refund to the end', async () => {
    const order = await newOrder();
    const payment = await operations.startPayment(deps, { orderNo: order.orderNo, provider: toypay });
    expect(payment).toMatchObject({
      provider: 'toypay',
      method: 'TOYPAY_PAGE',
      paymentUrl: `https://toypay.example/${order.orderNo}`,
    });

    const answers = await Promise.all([notify(order, 'paid'), notify(order, 'paid')]);
    for (const answer of answers) expect([answer.status, answer.text]).toEqual([200, 'thanks']);
    expect(await now(order)).toMatchObject({ status: 'paid', provider: 'toypay' });

    const { outcome, refundId = '' } = await operations.askForRefund(deps, {
      orderNo: order.orderNo,
      reason: 'a test',
      by: 'operator',
    });
    await refunder.refundDue(deps, { owner: 'test', retryBaseMs: 1 });
    expect([outcome, gateway.refunds.has(refundId)]).toEqual(['requested', true]);
    expect((await notify(order, 'refunded', refundId)).text).toBe('thanks');
    expect((await now(order))?.status).toBe('failed');
    const money = await row(
      database.db,
      `select count(*) as payments, sum(amount_minor - refunded_minor)::int as left from payment_transactions where provider = 'toypay'`,
    );
    expect(money).toMatchObject({ payments: 1, left: 0 });
  });

  test('is found paid by asking, where its notice was lost', async () => {
    const order = await newOrder();
    await operations.startPayment(deps, { orderNo: order.orderNo, provider: toypay });
    gateway.paid.add(order.orderNo);
    expect((await operations.checkPayment(deps, order.orderNo)).found).toBe('paid');
  });

  test('is not moved by a notice that somebody else signed', async () => {
    const order = await newOrder();
    await operations.startPayment(deps, { orderNo: order.orderNo, provider: toypay });
    const forged = await request(webhook()).post('/webhook/toypay').send({ order: order.orderNo, status: 'paid' });
    expect(forged.status).toBe(401);
    expect((await now(order))?.status).toBe('pending_payment');
  });
});
