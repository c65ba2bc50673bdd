import type { Db } from '@mingdan/db';
import type { Clock, Currency, Logger } from '@mingdan/kernel';
import type { Order } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import type { RequestHandler } from 'express';
import type { Metrics } from './metrics.ts';

/** Everything the pages and the API need; put together in `apps/bot/src/deps.ts`. */
export interface HttpDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: HttpSettings;
  /** what can be paid with now, in the order in which it is offered */
  readonly paymentMethods: readonly PaymentMethod[];
  /** the report of an order as it was written; undefined while there is none, or after it was forgotten */
  readonly readReport: (order: Order) => Promise<ReadableReport | undefined>;
  readonly metrics: Metrics;
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
}

export interface PaymentMethod {
  readonly provider: ProviderName;
  /** the provider's own method, such as PINGPONG_CHECKOUT */
  readonly method: string;
  readonly currency: Currency;
  /** decimal amounts in `currency`; null = no limit */
  readonly min: number | null;
  readonly max: number | null;
}

export interface ReadableReport {
  readonly title: string;
  readonly markdown: string;
  /** the chart it was written from, read leniently (pages/chart.ts); none for reports without birth data */
  readonly chart?: unknown;
}
