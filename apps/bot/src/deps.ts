import { createLocalSource, createYuanfenjuSource } from '@mingdan/bazi';
import type { BotConfig } from '@mingdan/config';
import { type Db, openDatabase } from '@mingdan/db';
import {
  coinsFulfiller,
  type Fulfiller,
  type FulfillerKey,
  type FulfilmentDeps,
  giftFulfiller,
  goodsFulfiller,
  membershipFulfiller,
  type ReportDeps,
  reportFulfiller,
} from '@mingdan/fulfilment';
import { type Clock, createVault, type Logger, randomToken, systemClock, type Vault } from '@mingdan/kernel';
import { confirmPayment, type OperationDeps, operationSettings, orderLink } from '@mingdan/operations';
import { createHouse, type Order } from '@mingdan/orders';
import { createClients } from '@mingdan/payments/clients';
import { createModel } from '@mingdan/report';
import { type BotLink, botLinkOf, rememberedBot } from './bot-link.ts';
import { mockGate } from './http/mock/gate.ts';
import { createTelegram } from './telegram/index.ts';
import { createTexts, type Texts } from './texts.ts';

export interface BotDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  readonly texts: Texts;
  /** unique for this start of the process: the name under which it holds leases */
  readonly holder: string;
  readonly operations: OperationDeps;
  readonly fulfilment: FulfilmentDeps;
  readonly fulfillers: ReadonlyMap<FulfillerKey, Fulfiller>;
  /** the bot as people find it; Telegram is asked for its name */
  readonly bot: () => Promise<BotLink>;
}

/** The only place where clients, fulfillers and delivery are put together. */
export function createDeps(config: BotConfig, log: Logger, hostname: string): BotDeps {
  const clock = systemClock;
  const vault = createVault(config.keys.data);
  const db = openDatabase({
    url: config.databaseUrl,
    applicationName: 'mingdan-bot',
    // A row that somebody forgot in psql holds up that row's work, and nobody else's.
    lockTimeoutMs: 5_000,
    statementTimeoutMs: 60_000,
    poolSize: Math.max(10, config.orders.concurrency + 6),
    onBegunAnew: (code, beginnings) => log.warn({ code, beginnings }, 'a transaction begins anew'),
    ...(config.databaseCa ? { ca: config.databaseCa } : {}),
  });
  const operations: OperationDeps = {
    db,
    vault,
    clock,
    log,
    clients: createClients(config.providers, { clock, log, house: createHouse(db) }),
    settings: operationSettings(config),
  };
  const fulfilment = {
    db,
    vault,
    clock,
    log,
    operatorChatId: operations.settings.operatorChatId,
    retryBaseMs: config.orders.retryBaseMs,
  };
  const { token, apiRoot } = config.telegram;
  const telegram = createTelegram({ token, apiRoot, db, log });
  const report = reportDeps(config, fulfilment, operations);
  const mock = mockGate(config);
  const chat = mock?.playsTelegram ? `${mock.sandboxUrl}/chat` : undefined;
  const bot = rememberedBot(async () => botLinkOf((await telegram.getMe()).username, chat));
  const fulfillers = createFulfillers(fulfilment, operations, report, bot);
  const holder = `${hostname}-${process.pid}-${randomToken(4)}`;
  return { db, vault, clock, log, texts: createTexts(), holder, operations, fulfilment, fulfillers, bot };
}

/** One for each product kind, and one for what is bought for somebody else. */
export function createFulfillers(
  fulfilment: FulfilmentDeps,
  operations: OperationDeps,
  report: ReportDeps,
  bot: () => Promise<BotLink>,
): ReadonlyMap<FulfillerKey, Fulfiller> {
  const confirming = {
    ...fulfilment,
    confirm: (order: Order) => confirmPayment(operations, order),
    orderLink: (orderNo: string) => orderLink(operations.settings, orderNo),
  };
  const all = [
    reportFulfiller(report),
    coinsFulfiller(confirming),
    membershipFulfiller(fulfilment),
    goodsFulfiller(confirming),
    giftFulfiller({
      ...confirming,
      botAddress: async () => (await bot()).address,
      publicUrl: operations.settings.publicUrl,
    }),
  ];
  return new Map(all.map((fulfiller): [FulfillerKey, Fulfiller] => [fulfiller.kind, fulfiller]));
}

function reportDeps(config: BotConfig, fulfilment: FulfilmentDeps, operations: OperationDeps): ReportDeps {
  const { deepseek, bazi, keys } = config;
  const { clock, log } = fulfilment;
  return {
    ...fulfilment,
    model: createModel({
      baseUrl: deepseek.baseUrl,
      apiKey: deepseek.apiKey,
      model: deepseek.model,
      chunkTimeoutMs: deepseek.timeoutMs,
      clock,
      log,
    }),
    modelRetries: deepseek.maxRetries,
    userIdSecret: keys.secret[0] ?? '',
    sources: { local: createLocalSource(), yuanfenju: bazi.yuanfenju && createYuanfenjuSource(bazi.yuanfenju) },
    fallbackToLocal: bazi.fallback === 'local',
    orderLink: (orderNo) => orderLink(operations.settings, orderNo),
  };
}
