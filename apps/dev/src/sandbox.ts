import { join } from 'node:path';
import type { SandboxKeys, SandboxUrls } from './environment.ts';
import type { PlayedGateways } from './gateways.ts';

export interface SandboxProcessOptions {
  port: number;
  smtpPort: number;
  /** chats and payments are kept in `sandbox/` of this folder */
  folder: string;
  persistent: boolean;
  keys: SandboxKeys;
  gateways: PlayedGateways;
  /** root of the webhook process, as the gateways' consoles are told it */
  webhookUrl: string;
  /** of the bot, which the chat opens */
  miniAppUrl: string;
  /** milliseconds that writing one answer takes; the sandbox's own pace when left out */
  writingMs: number | undefined;
  /** of the machine */
  env: Readonly<Record<string, string>>;
}

export interface SandboxProcess {
  file: string;
  env: Record<string, string>;
  /** the pages to open */
  url: string;
  chatUrl: string;
  inboxUrl: string;
  panelUrl: string;
  /** root of what the chat page asks for */
  chatApi: string;
  /** the roots of its services */
  urls: SandboxUrls;
}

/** How the sandbox is started as a process of its own, and where it answers then. */
export function sandboxProcess(options: SandboxProcessOptions): SandboxProcess {
  const { port, smtpPort, folder, persistent, keys, gateways, webhookUrl, miniAppUrl, writingMs, env } = options;
  const url = `http://127.0.0.1:${port}`;
  return {
    file: join(import.meta.dirname, '../../sandbox/src/main.ts'),
    env: {
      ...env,
      SANDBOX_PORT: String(port),
      SANDBOX_SMTP_PORT: String(smtpPort),
      ...(persistent ? { SANDBOX_DATA_DIR: join(folder, 'sandbox') } : {}),
      ...(writingMs === undefined ? {} : { SANDBOX_WRITING_MS: String(writingMs) }),
      TELEGRAM_BOT_TOKEN: keys.botToken,
      SANDBOX_KEYS_FILE: gateways.keysFile,
      SANDBOX_GATEWAYS: gateways.names.join(','),
      SANDBOX_WEBHOOK_URL: webhookUrl,
      SANDBOX_MINI_APP_URL: miniAppUrl,
      DEEPSEEK_API_KEY: keys.deepseekApiKey,
      YUANFENJU_API_KEY: keys.yuanfenjuApiKey,
    },
    url,
    chatUrl: `${url}/chat`,
    inboxUrl: `${url}/inbox`,
    panelUrl: `${url}/panel`,
    chatApi: `${url}/chat/api`,
    urls: {
      telegram: `${url}/telegram`,
      smtp: `smtp://127.0.0.1:${smtpPort}`,
      deepseek: `${url}/deepseek`,
      yuanfenju: `${url}/yuanfenju/index.php`,
    },
  };
}
