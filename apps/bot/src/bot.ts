import { type BotConfig, endingSoon } from '@mingdan/config';
import { listen, pendingMigrations } from '@mingdan/db';
import { type Logger, messageOf, pause } from '@mingdan/kernel';
import { orderLink, readReport, shopLink } from '@mingdan/operations';
import type { RequestHandler } from 'express';
import { type BotLink, learnBot } from './bot-link.ts';
import { type BotDeps, createDeps } from './deps.ts';
import { createHttpApp } from './http/app.ts';
import { createMetrics } from './http/metrics.ts';
import { mockGate } from './http/mock/gate.ts';
import { type RunningHttp, startHttp } from './http/start-http.ts';
import { smtpChannel } from './mail/channel.ts';
import { siteOf } from './site.ts';
import { createTelegram, operatorTopics, startTelegram, type TelegramRole, telegramChannel } from './telegram/index.ts';
import { testTelegram } from './telegram/test-notice.ts';
import { createAnnouncer } from './worker/announce.ts';
import { startWorker, type Worker } from './worker/index.ts';

export interface Bot {
  readonly port: number;
  stop(): Promise<void>;
}

/** How often a database that is away or not migrated is looked at again. */
const LOOK_AGAIN_MS = 1_000;

/** Starts the roles of this process. Health answers at once; the rest begins when the database is there and migrated. */
export async function startBot(config: BotConfig, log: Logger, hostname: string): Promise<Bot> {
  const deps = createDeps(config, log, hostname);
  const stopping = new AbortController();
  const running: Running = { telegram: undefined, worker: undefined, stopSending: new AbortController() };
  const bot = learnBot(deps.bot, { log, signal: stopping.signal });
  const http = await serve(config, deps, { running, bot, stopping: stopping.signal });
  log.info({ port: http.port, roles: config.roles }, 'listening');
  const ready = waitForDatabase(deps, stopping.signal).then(() =>
    startRoles(config, deps, { running, bot }, stopping.signal),
  );
  ready.catch((error: unknown) => log.error({ err: error }, 'the roles could not be started'));

  return {
    port: http.port,
    async stop() {
      stopping.abort();
      await ready.catch(() => undefined);
      // No new work first, then what is in hand, then the connections under it. Side by side: each may take most of the time there is.
      const stopped = [running.telegram?.stop(), running.worker?.stop()];
      running.stopSending.abort();
      await Promise.all(stopped);
      await running.listener?.stop();
      await http.close();
      await deps.db.destroy();
    },
  };
}

interface Running {
  telegram: TelegramRole | undefined;
  worker: Worker | undefined;
  /** nobody waits for Telegram's limits any more */
  readonly stopSending: AbortController;
  listener?: { stop(): Promise<void> };
}

interface Around {
  readonly running: Running;
  /** the bot, once its name is known */
  readonly bot: () => BotLink | undefined;
}

function serve(
  config: BotConfig,
  deps: BotDeps,
  { running, bot, stopping }: Around & { readonly stopping: AbortSignal },
): Promise<RunningHttp> {
  const takesUpdates = config.roles.includes('telegram') && config.telegram.mode === 'webhook';
  // Updates that come before the role runs are sent again by Telegram.
  const telegramWebhook: RequestHandler = (req, res, next) => {
    if (running.telegram?.webhook) running.telegram.webhook(req, res, next);
    else res.status(503).end();
  };
  const app = createHttpApp({
    db: deps.db,
    clock: deps.clock,
    log: deps.log,
    settings: {
      servesPages: config.roles.includes('http'),
      secretKeys: config.keys.secret,
      trustProxy: config.http.trustProxy,
      corsOrigins: config.http.corsOrigins,
      apiKey: config.keys.api,
      requireSignature: config.http.requireSignature,
      adminToken: config.keys.admin,
      botToken: config.telegram.token,
      initDataMaxAgeSeconds: config.http.initDataMaxAgeSeconds,
      publicUrl: config.urls.public,
      returnUrlHosts: config.http.returnUrlHosts,
      baziSource: config.bazi.source,
      mock: mockGate(config),
    },
    operations: deps.operations,
    readReport: (order) => readReport(deps.operations, order),
    metrics: createMetrics(deps),
    bot,
    testTelegram: () => testTelegram(telegramTestSettings(config, deps)),
    stopping,
    telegramWebhook: takesUpdates ? telegramWebhook : undefined,
  });
  return startHttp({ app, port: config.port });
}

function telegramTestSettings(config: BotConfig, { operations, texts }: BotDeps) {
  const { token, apiRoot, mode } = config.telegram;
  const { operatorChatId, operatorLanguage } = operations.settings;
  return {
    token,
    apiRoot,
    mode,
    publicUrl: config.urls.public,
    chatId: operatorChatId,
    language: operatorLanguage,
    texts,
  };
}

async function waitForDatabase({ db, log }: BotDeps, signal: AbortSignal): Promise<void> {
  for (let told = ''; !signal.aborted; await pause(LOOK_AGAIN_MS, signal)) {
    const trouble = await pendingMigrations(db).then(
      (names) => (names.length === 0 ? '' : `${names.length} migrations are missing: run mingdan migrate`),
      (error: unknown) => `the database cannot be reached: ${messageOf(error)}`,
    );
    if (trouble === '') return;
    if (trouble !== told) log.warn({ trouble }, 'waiting');
    told = trouble;
  }
}

async function startRoles(
  config: BotConfig,
  deps: BotDeps,
  { running, bot }: Around,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const { roles } = config;
  if (roles.includes('worker'))
    running.worker = startWorker(
      { ...deps, channel: channel(config, deps, running.stopSending.signal), mail: mailChannel(config, deps, bot) },
      workerSettings(config, deps),
    );
  if (!roles.includes('telegram')) return;
  const role = startTelegram({
    ...deps,
    settings: telegramSettings(config, deps),
    wakeOutbox: running.worker?.wakeSender ?? createAnnouncer(deps.db),
  });
  running.telegram = role;
  running.listener = listen({
    url: config.databaseUrl,
    ...(config.databaseCa ? { ca: config.databaseCa } : {}),
    channel: 'mingdan_work',
    log: deps.log,
    onNotice: (payload) => {
      if (payload === 'updates' || payload === '') role.wakeUpdates();
    },
  });
}

function mailChannel({ mail }: BotConfig, { db, texts, operations }: BotDeps, bot: () => BotLink | undefined) {
  if (mail === null) return null;
  return smtpChannel(mail, {
    texts,
    orderLink: (orderNo) => orderLink(operations.settings, orderNo),
    shopLink: (product, language) => shopLink(operations.settings, product, language),
    site: () => siteOf({ db, bot }),
  });
}

function channel(config: BotConfig, { db, log, texts }: BotDeps, stopWaiting: AbortSignal) {
  const { token, apiRoot } = config.telegram;
  const telegram = createTelegram({ token, apiRoot, db, log, stopWaiting });
  return telegramChannel(telegram, texts, config.operatorLanguage, operatorTopics(db));
}

function telegramSettings(config: BotConfig, { operations }: BotDeps) {
  const { operatorChatId, operatorLanguage, maxOpenOrdersPerBuyer } = operations.settings;
  return {
    token: config.telegram.token,
    apiRoot: config.telegram.apiRoot,
    mode: config.telegram.mode,
    publicUrl: config.urls.public,
    secretKeys: config.keys.secret,
    operatorChatId,
    operatorLanguage,
    expiryMinutes: config.orders.expiryMinutes,
    maxOpenOrders: maxOpenOrdersPerBuyer,
    baziSource: config.bazi.source,
  };
}

function workerSettings(config: BotConfig, { holder, clock }: BotDeps) {
  const { pollSeconds, concurrency, leaseSeconds, retryBaseMs, fulfilmentDeadlineHours, deliveryMaxHours } =
    config.orders;
  return {
    owner: holder,
    databaseUrl: config.databaseUrl,
    databaseCa: config.databaseCa ?? undefined,
    pollSeconds,
    concurrency,
    leaseSeconds,
    retryBaseMs,
    fulfilmentDeadlineHours,
    deliveryMaxHours,
    endingCertificates: () => endingSoon(config.certificates, clock.now()),
  };
}
