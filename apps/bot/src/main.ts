import { hostname } from 'node:os';
import { ConfigError, loadEnvironment, readBotConfig } from '@mingdan/config';
import { createLogger } from '@mingdan/kernel';
import { startBot } from './bot.ts';

/** The host gives a process 25 s after SIGTERM; what hangs longer is cut, and its leases end by themselves. */
const LAST_RESORT_MS = 23_000;

function readConfig() {
  try {
    return readBotConfig(loadEnvironment());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

const config = readConfig();
const log = createLogger({ process: 'bot', level: config.logLevel });
for (const warning of config.warnings) log.warn({ warning }, 'setting');

const bot = await startBot(config, log, hostname());

let stopping = false;
async function stop(signal: string): Promise<void> {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), LAST_RESORT_MS).unref();
  await bot.stop();
  log.info('stopped');
  process.exit(0);
}
process.on('SIGTERM', () => void stop('SIGTERM'));
process.on('SIGINT', () => void stop('SIGINT'));
process.on('unhandledRejection', (error) => log.error({ err: error }, 'a promise was dropped'));
