import type { Db } from '@mingdan/db';
import type { Clock, Logger } from '@mingdan/kernel';
import type { OperationDeps } from '@mingdan/operations';
import type { Order } from '@mingdan/orders';
import type { MockSettings } from '@mingdan/payments/mock';
import type { RequestHandler } from 'express';
import type { BotLink } from '../bot-link.ts';
import type { Metrics } from './metrics.ts';

/** Everything the pages and the API need; put together in `apps/bot/src/deps.ts`. */
export interface HttpDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: HttpSettings;
  readonly operations: OperationDeps;
  /** the report of an order as it was written; undefined while there is none, or after it was forgotten */
  readonly readReport: (order: Order) => Promise<ReadableReport | undefined>;
  readonly metrics: Metrics;
  /** sends a test notice to the operators' chat; undefined where this process has no bot */
  readonly testTelegram?: () => Promise<TelegramTest>;
  /** the bot, once its name is known */
  readonly bot?: () => BotLink | undefined;
  /** aborts when the process stops: who waits for events is let go */
  readonly stopping?: AbortSignal;
  /** takes Telegram's updates and checks their secret; undefined in polling mode */
  readonly telegramWebhook: RequestHandler | undefined;
}

export interface HttpSettings {
  /** false: this process has another role and answers health, metrics and Telegram only */
  readonly servesPages: boolean;
  /** all of SECRET_KEY */
  readonly secretKeys: readonly string[];
  /** TRUST_PROXY: how many proxies stand before us, or addresses, networks and express's words (loopback, uniquelocal) whose X-Forwarded-For counts */
  readonly trustProxy: number | readonly string[] | null;
  /** CORS_ORIGINS, such as https://shop.example */
  readonly corsOrigins: readonly string[];
  readonly apiKey: string;
  /** API_REQUIRE_SIGNATURE: calls with the API key have to be signed */
  readonly requireSignature: boolean;
  readonly adminToken: string;
  /** proves initData of Mini Apps */
  readonly botToken: string;
  readonly initDataMaxAgeSeconds: number;
  /** base of our own pages */
  readonly publicUrl: string;
  /** RETURN_URL_HOSTS, beside the host of `publicUrl` */
  readonly returnUrlHosts: readonly string[];
  /** what an order made now uses */
  readonly baziSource: 'local' | 'yuanfenju';
  /** null in production: there nobody plays a gateway */
  readonly mock: MockGate | null;
}

/** What came of a test notice. */
export interface TelegramTest {
  readonly sent: boolean;
  /** the bot's name; null where its token is not good */
  readonly bot: string | null;
  readonly chatId: number | null;
  readonly problems: readonly { readonly setting: string; readonly code: string; readonly message: string }[];
}

/** How payments are played in development (`/api/payment/mock/…`). */
export interface MockGate {
  /** base of the webhook process, which gets the notices of the provider `mock` */
  readonly webhookUrl: string;
  /** signs them; null where `mock` is not set up */
  readonly notices: MockSettings | null;
  /** base of the sandbox, whose stand-ins play all other gateways; null where none runs */
  readonly sandboxUrl: string | null;
  /** Telegram is played there too: Mini Apps get its script from there */
  readonly playsTelegram?: boolean;
}

export interface ReadableReport {
  readonly title: string;
  readonly markdown: string;
  /** the chart it was written from, read leniently (pages/chart.ts); none for reports without birth data */
  readonly chart?: unknown;
}
