import { changed, type Db } from '@mingdan/db';
import { createLogger, systemClock } from '@mingdan/kernel';
import { findOrder, type Order } from '@mingdan/orders';
import type { Express } from 'express';
import { createHttpApp } from '../../src/http/app.ts';
import type { HttpDeps, HttpSettings } from '../../src/http/deps.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { type RateLimits, usualLimits } from '../../src/http/rate-limit.ts';
import { operationsWith } from './gateways.ts';

export const testSettings: HttpSettings = {
  servesPages: true,
  secretKeys: ['first-key-first-key-first-key-32', 'older-key-older-key-older-key-32'],
  trustProxy: [],
  corsOrigins: ['https://shop.example'],
  apiKey: 'the-key-of-the-api',
  requireSignature: false,
  adminToken: 'the-token-of-the-operators',
  botToken: '7342037359:AAFZehRPBRs8Seg40oDjTMIW8uTGPuW1zfQ',
  initDataMaxAgeSeconds: 86_400,
  publicUrl: 'https://mingdan.example',
  returnUrlHosts: ['shop.example'],
  baziSource: 'local',
  mock: null,
};

export interface TestApp {
  app: Express;
  /** lines of the log, parsed */
  log: Record<string, unknown>[];
}

export type Changes = Partial<Omit<HttpDeps, 'settings'>> & { settings?: Partial<HttpSettings>; limits?: RateLimits };

export function anApp(db: Db, changes: Changes = {}): TestApp {
  const log: Record<string, unknown>[] = [];
  const logger = createLogger({ process: 'test', destination: { write: (line) => log.push(JSON.parse(line)) } });
  const { settings, limits, clock = systemClock, ...others } = changes;
  const app = createHttpApp(
    {
      db,
      clock,
      log: logger,
      operations: operationsWith(db),
      readReport: async () => undefined,
      metrics: createMetrics({ db, clock, log: logger }),
      telegramWebhook: undefined,
      ...others,
      settings: { ...testSettings, ...settings },
    },
    limits ?? usualLimits,
  );
  return { app, log };
}

/** A paid order whose report was written and delivered. */
export async function completed(db: Db, order: Order): Promise<Order> {
  await changed(db, `update orders set status = 'generating' where id = :id`, { id: order.id });
  await changed(
    db,
    `update orders set status = 'completed', delivery = 'delivered', completed_at = now() where id = :id`,
    { id: order.id },
  );
  return (await findOrder(db, order.orderNo)) as Order;
}
