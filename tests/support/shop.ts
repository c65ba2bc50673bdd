import { changed, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger } from '@mingdan/kernel';
import { findOrder, type Order, savedSteps } from '@mingdan/orders';
import { testDatabase, testVault } from '@mingdan/orders/testing';
import { providerNames } from '@mingdan/payments';
import { type Ran, run } from '../../apps/cli/test/given.ts';
import { gateways, type Sandbox, type SandboxControl, startSandbox } from '../../apps/sandbox/src/index.ts';
import { freePort, Running } from './processes.ts';
import { type ServerProxy, startProxy } from './proxy.ts';
import { until } from './until.ts';

export const OPERATOR = 9001;
const BOT_TOKEN = '70001:chaos-token';
const KEYS = {
  merchantId: 'chaos-merchant',
  apiSecret: 'an-api-secret-of-the-chaos-tests',
  webhookSecret: 'a-notice-secret-of-the-chaos-tests',
};
const API_KEY = 'an-api-key-of-the-chaos-tests';
export const noticeSettings = { webhookSecret: KEYS.webhookSecret };

export interface ShopOptions {
  /** settings of both processes that differ */
  readonly env?: Readonly<Record<string, string>>;
  /** every gateway is played and offered, and the ways to pay that need none; else PingPong alone, as in production */
  readonly everyGateway?: boolean;
  /** the processes reach the database through a proxy that can be cut */
  readonly proxied?: boolean;
  /** Telegram's limits of one message a second are off, on both sides, where a test is about something else */
  readonly withoutLimits?: boolean;
  /** waits of the gateway before it sends a notice again */
  readonly noticeRetryMs?: readonly number[];
}

/** A shop as its operator runs it: the processes of the Procfile, a database, and the sandbox for everything outside. */
export class Shop {
  readonly database: TestDatabase;
  readonly sandbox: Sandbox;
  readonly proxy: ServerProxy | undefined;
  readonly webhookPort: number;
  /** of the bot process that pages and API lead to: the first one, and who comes after it */
  readonly publicPort: number;
  readonly apiKey = API_KEY;
  private readonly gateways: Readonly<Record<string, string>>;
  private readonly env: Readonly<Record<string, string>>;
  private readonly running: Running[] = [];

  constructor(parts: ShopParts, env: ShopOptions['env'] = {}) {
    this.database = parts.database;
    this.sandbox = parts.sandbox;
    this.proxy = parts.proxy;
    this.webhookPort = parts.webhookPort;
    this.publicPort = parts.publicPort;
    this.gateways = parts.gateways;
    this.env = env;
  }

  get url(): string {
    return `http://127.0.0.1:${this.publicPort}`;
  }

  get control(): SandboxControl {
    return this.sandbox.control;
  }

  get db() {
    return this.database.db;
  }

  webhook(): Promise<Running> {
    return this.start('webhook', this.webhookPort, {});
  }

  async bot(env: Readonly<Record<string, string>> = {}): Promise<Running> {
    const isTaken = this.running.some(({ url, hasEnded }) => url === this.url && !hasEnded);
    return this.start('bot', isTaken ? await freePort() : this.publicPort, env);
  }

  /** The operator's CLI. */
  mingdan(...args: string[]): Promise<Ran> {
    return run({ ...this.settings(), ...this.env, OPERATOR_LANGUAGE: 'en' }, args);
  }

  private start(name: 'webhook' | 'bot', port: number, env: Readonly<Record<string, string>>): Promise<Running> {
    const settings = { ...this.settings(), [`${name.toUpperCase()}_PORT`]: String(port), ...this.env, ...env };
    const running = new Running(name, port, settings);
    this.running.push(running);
    return running.untilReady();
  }

  /** What the processes read of a gateway. */
  setting(name: string): string {
    return this.gateways[name] ?? '';
  }

  private settings(): Record<string, string> {
    const { sandbox } = this;
    return {
      NODE_ENV: 'production',
      DATABASE_URL: this.proxy?.url ?? this.database.url,
      WEBHOOK_URL: `http://127.0.0.1:${this.webhookPort}`,
      PUBLIC_URL: this.url,
      TELEGRAM_BOT_TOKEN: BOT_TOKEN,
      TELEGRAM_API_ROOT: sandbox.telegramApiRoot,
      TELEGRAM_CHAT_ID: String(OPERATOR),
      DEEPSEEK_API_KEY: 'sk-chaos',
      DEEPSEEK_BASE_URL: sandbox.deepseekBaseUrl,
      ...this.gateways,
      // the key of testVault, so that tests can read what the processes saved
      DATA_ENCRYPTION_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
      SECRET_KEY: 'a-secret-key-of-the-chaos-tests-32-chars',
      API_KEY,
      ADMIN_TOKEN: 'an-admin-token-of-the-chaos-tests',
      ORDER_POLL_SECONDS: '1',
      LEASE_SECONDS: '2',
      RETRY_BASE_MS: '50',
    };
  }

  async order(orderNo: string): Promise<Order> {
    return (await findOrder(this.db, orderNo)) as Order;
  }

  untilOrder(orderNo: string, fits: (order: Order) => boolean, what: string): Promise<Order> {
    return until(
      async () => {
        const order = await this.order(orderNo);
        return fits(order) && order;
      },
      () => `${orderNo} ${what}\n${this.lastWords()}`,
    );
  }

  untilDelivered(orderNo: string): Promise<Order> {
    return this.untilOrder(
      orderNo,
      ({ status, delivery }) => status === 'completed' && delivery === 'delivered',
      'is delivered',
    );
  }

  /** The steps of an order that are saved, with their results. */
  async steps(orderNo: string) {
    const saved = await savedSteps(this.db, testVault, (await this.order(orderNo)).id);
    return new Map([...saved].filter(([, step]) => step.done).map(([name, step]) => [name, step.result]));
  }

  /** What happened to an order's state, in order. */
  async moves(orderNo: string): Promise<string[]> {
    const found = await rows<{ status: string }>(
      this.db,
      `select e.status from order_events e join orders o on o.id = e.order_id where order_no = :orderNo order by e.id`,
      { orderNo },
    );
    return found.map(({ status }) => status);
  }

  /** What the processes warned of last. */
  lastWords(): string {
    return this.running
      .flatMap(({ lines }) => lines.filter((line) => /"level":"(warn|error|fatal)"/.test(line)).slice(-8))
      .join('\n');
  }

  async close(): Promise<void> {
    await Promise.all(this.running.filter(({ hasEnded }) => !hasEnded).map((each) => each.end('SIGKILL')));
    await this.sandbox.close();
    await this.proxy?.close();
    await this.database.drop();
  }
}

type ShopParts = Pick<Shop, 'database' | 'sandbox' | 'proxy' | 'webhookPort' | 'publicPort'> & {
  readonly gateways: Readonly<Record<string, string>>;
};

/** Database, sandbox and settings; the processes are started by the test. */
export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const [webhookPort, publicPort] = [await freePort(), await freePort()];
  const database = await testDatabase();
  const made = options.everyGateway ? gateways.map((gateway) => ({ gateway, keys: gateway.makeKeys() })) : [];
  const sandbox = await startSandbox({
    port: 0,
    botToken: BOT_TOKEN,
    gateways: Object.fromEntries(made.map(({ gateway, keys }) => [gateway.name, keys.sandbox])),
    ...(options.everyGateway ? {} : { pingpong: KEYS }),
    webhookUrl: `http://127.0.0.1:${webhookPort}`,
    deepseekApiKey: 'sk-chaos',
    yuanfenjuApiKey: 'yfj-chaos',
    log: createLogger({ process: 'sandbox', level: 'silent' }),
    writingMs: 0,
    noticeRetryMs: options.noticeRetryMs ?? Array.from({ length: 300 }, () => 200),
  });
  if (options.withoutLimits) {
    await database.db.raw(
      `create or replace function telegram_take_slot(p_key text, p_interval_ms integer, p_burst integer) returns integer language sql as 'select 0'`,
    );
    sandbox.control.faults.set({ telegram: { limits: { on: false } } });
  }
  if (options.everyGateway) await changed(database.db, 'update products set price_stars = 150 where price_minor > 0');
  const proxy = options.proxied ? await startProxy(database.url) : undefined;
  const played = made.map(({ gateway: { name, addresses }, keys }) => ({
    ...keys.environment,
    ...addresses(sandbox.gatewayBases[name], sandbox.url),
  }));
  const environment = options.everyGateway ? Object.assign(developing(sandbox), ...played) : pingpongAlone(sandbox);
  return new Shop({ database, sandbox, proxy, webhookPort, publicPort, gateways: environment }, options.env);
}

function pingpongAlone(sandbox: Sandbox): Record<string, string> {
  return {
    PINGPONG_API_BASE: sandbox.pingpongApiBase,
    PINGPONG_MERCHANT_ID: KEYS.merchantId,
    PINGPONG_API_SECRET: KEYS.apiSecret,
    PINGPONG_WEBHOOK_SECRET: KEYS.webhookSecret,
  };
}

/** The mock refuses to exist in production. */
function developing(sandbox: Sandbox): Record<string, string> {
  return {
    NODE_ENV: 'development',
    SANDBOX_URL: sandbox.url,
    PAYMENT_PROVIDERS: providerNames.join(','),
    MOCK_WEBHOOK_SECRET: 'a-mock-secret-of-the-chaos-tests',
  };
}
