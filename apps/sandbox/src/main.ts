import { join } from 'node:path';
import { createLogger } from '@mingdan/kernel';
import { z } from 'zod';
import { isGatewayName } from './gateways/index.ts';
import { keepGatewayKeys, sandboxKeysOf } from './gateways/keys.ts';
import { startSandbox } from './index.ts';

const environment = z.object({
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(3_002),
  SANDBOX_SMTP_PORT: z.coerce.number().int().min(0).max(65_535).default(3_025),
  SANDBOX_HOST: z.string().default('127.0.0.1'),
  /** comma list of the gateways that are played; all when left out */
  SANDBOX_GATEWAYS: z
    .string()
    .transform((list) => list.split(',').filter(isGatewayName))
    .optional(),
  SANDBOX_DATA_DIR: z.string().optional(),
  /** root of the webhook process, for gateways that are told it in their console */
  SANDBOX_WEBHOOK_URL: z.url().optional(),
  /** the bot's Mini App */
  SANDBOX_MINI_APP_URL: z.url().optional(),
  SANDBOX_WRITING_MS: z.coerce.number().int().min(0).optional(),
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(/^\d+:[\w-]+$/)
    .default('7000000001:sandbox-bot-token'),
  /** keys of the gateways, for both sides; made where the file is not there */
  SANDBOX_KEYS_FILE: z
    .string()
    .min(1)
    .default(join(import.meta.dirname, '../../../.mingdan/gateway-keys.json')),
  DEEPSEEK_API_KEY: z.string().min(1).default('sk-sandbox'),
  YUANFENJU_API_KEY: z.string().min(1).default('sandbox-yuanfenju-key'),
});

const log = createLogger({ process: 'sandbox' });
const env = environment.parse(process.env);
const sandbox = await startSandbox({
  port: env.SANDBOX_PORT,
  smtpPort: env.SANDBOX_SMTP_PORT,
  host: env.SANDBOX_HOST,
  ...(env.SANDBOX_DATA_DIR && { dataDir: env.SANDBOX_DATA_DIR }),
  ...(env.SANDBOX_WRITING_MS !== undefined && { writingMs: env.SANDBOX_WRITING_MS }),
  ...(env.SANDBOX_WEBHOOK_URL && { webhookUrl: env.SANDBOX_WEBHOOK_URL }),
  ...(env.SANDBOX_MINI_APP_URL && { miniAppUrl: env.SANDBOX_MINI_APP_URL }),
  botToken: env.TELEGRAM_BOT_TOKEN,
  gateways: sandboxKeysOf(keepGatewayKeys(env.SANDBOX_KEYS_FILE, env.SANDBOX_GATEWAYS)),
  deepseekApiKey: env.DEEPSEEK_API_KEY,
  yuanfenjuApiKey: env.YUANFENJU_API_KEY,
  log,
});
log.info(
  { url: sandbox.url, chat: sandbox.chatUrl, inbox: sandbox.inboxUrl, panel: sandbox.panelUrl },
  'sandbox ready',
);

const stop = () => {
  void sandbox.close().then(() => process.exit(0));
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
