import { once } from 'node:events';
import type { Server } from 'node:http';
import { ConfigError, loadEnvironment, readWebhookConfig, type WebhookConfig } from '@mingdan/config';
import { row } from '@mingdan/db';
import { createLogger, systemClock } from '@mingdan/kernel';
import { createVerifiers } from '@mingdan/payments/verifiers';
import { createApp } from './app.ts';
import { type NoticeDatabase, openWhenReady } from './database.ts';
import { createRefusals } from './refusals.ts';
import { createSealer } from './seal.ts';
import { createNoticeStore } from './store.ts';
import { createWaker } from './wake.ts';

/** A stop waits this long for what is under way. Hosts kill after 30 seconds. */
const STOP_MS = 20_000;
/** For headers and body together: nobody holds connections open by sending slowly. */
const REQUEST_MS = 10_000;

async function run(config: WebhookConfig): Promise<void> {
  const log = createLogger({ process: 'webhook', level: config.logLevel });
  for (const warning of config.warnings) log.warn(warning);
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort(signal));

  let database: NoticeDatabase | undefined;
  const store = createNoticeStore(() => database?.notices);
  const waker = createWaker({ open: () => database?.wakeUps, log });
  const refusals = createRefusals({ store, clock: systemClock, log });
  const app = createApp({
    verifiers: createVerifiers(config.providers),
    store,
    refusals,
    sealer: config.noticePublicKey ? createSealer(config.noticePublicKey) : null,
    clock: systemClock,
    log,
    wake: waker.wake,
    ready: async () => !stopping.signal.aborted && (await answers(database)),
  });
  // It listens before the database is there: gateways are told "later" instead of finding nobody.
  const server = app.listen(config.port);
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  await once(server, 'listening');
  log.info({ port: config.port, providers: [...config.providers.keys()] }, 'webhook process listens');

  const { databaseUrl: url, databaseCa: ca, ownLogin, requireRole } = config;
  database = await openWhenReady({ url, ca, ownLogin, requireRole, log, signal: stopping.signal });
  if (!stopping.signal.aborted) await once(stopping.signal, 'abort');

  log.info({ signal: stopping.signal.reason }, 'stopping');
  await stopServing(server);
  await Promise.all([refusals.settled(), waker.stop()]);
  await Promise.all([database?.notices.destroy(), database?.wakeUps.destroy()]);
  log.info('stopped');
}

/** No new connections; what is under way is answered, and kept connections are closed behind their answers. */
async function stopServing(server: Server): Promise<void> {
  server.prependListener('request', (_request, response) => response.setHeader('connection', 'close'));
  const closed = new Promise((resolve) => server.close(resolve));
  const sweeper = setInterval(() => server.closeIdleConnections(), 100);
  const killer = setTimeout(() => server.closeAllConnections(), STOP_MS);
  await closed;
  clearInterval(sweeper);
  clearTimeout(killer);
}

async function answers(database: NoticeDatabase | undefined): Promise<boolean> {
  if (!database) return false;
  return row(database.notices, 'select 1').then(
    () => true,
    () => false,
  );
}

try {
  await run(readWebhookConfig(loadEnvironment()));
} catch (error) {
  if (error instanceof ConfigError) {
    for (const { line } of error.problems) process.stderr.write(`${line}\n`);
  } else {
    createLogger({ process: 'webhook' }).fatal({ err: error }, 'the webhook process stops');
  }
  process.exit(1);
}
