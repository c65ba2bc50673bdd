import { createLogger } from '@mingdan/kernel';
import { z } from 'zod';
import { startSandbox } from './index.ts';

const environment = z.object({
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(3_002),
  SANDBOX_HOST: z.string().default('127.0.0.1'),
  SANDBOX_DATA_DIR: z.string().optional(),
  SANDBOX_WRITING_MS: z.coerce.number().int().min(0).optional(),
  TELEGRAM_BOT_TOKEN: z
    .string()
    .regex(/^\d+:[\w-]+$/)
    .default('7000000001:sandbox-bot-token'),
  PINGPONG_MERCHANT_ID: z.string().min(1).default('sandbox-merchant'),
  PINGPONG_API_SECRET: z.string().min(1).default('sandbox-pingpong-api-secret'),
  PINGPONG_WEBHOOK_SECRET: z.string().min(1).default('sandbox-pingpong-webhook-secret'),
  DEEPSEEK_API_KEY: z.string().min(1).default('sk-sandbox'),
  YUANFENJU_API_KEY: z.string().min(1).default('sandbox-yuanfenju-key'),
});

const log = createLogger({ process: 'sandbox' });
const env = environment.parse(process.env);
const sandbox = await startSandbox({
  port: env.SANDBOX_PORT,
  host: env.SANDBOX_HOST,
  ...(env.SANDBOX_DATA_DIR && { dataDir: env.SANDBOX_DATA_DIR }),
  ...(env.SANDBOX_WRITING_MS !== undefined && { writingMs: env.SANDBOX_WRITING_MS }),
  botToken: env.TELEGRAM_BOT_TOKEN,
  pingpong: {
    merchantId: env.PINGPONG_MERCHANT_ID,
    apiSecret: env.PINGPONG_API_SECRET,
    webhookSecret: env.PINGPONG_WEBHOOK_SECRET,
  },
  deepseekApiKey: env.DEEPSEEK_API_KEY,
  yuanfenjuApiKey: env.YUANFENJU_API_KEY,
  log,
});
log.info({ url: sandbox.url, chat: sandbox.chatUrl, panel: sandbox.panelUrl }, 'sandbox ready');

const stop = () => {
  void sandbox.close().then(() => process.exit(0));
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);
