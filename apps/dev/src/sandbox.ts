import { join } from 'node:path';
import type { SandboxKeys, SandboxUrls } from './environment.ts';
import type { PlayedGateways } from './gateways.ts';

export interface SandboxProcessOptions {
  port: number;
  /** chats and payments are kept in `sandbox/` of this folder */
  folder: string;
  persistent: boolean;
  keys: SandboxKeys;
  gateways: PlayedGateways;
  /** root of the webhook process, as the gateways' consoles are told it */
  webhookUrl: string;
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
  panelUrl: string;
  /** root of what the chat page asks for */
  chatApi: string;
  /** the roots of its services */
  urls: SandboxUrls;
}

/** How the sandbox is started as a process of its own, and where it answers then. */
export function sandboxProcess(options: SandboxProcessOptions): SandboxProcess {
  const { port, folder, persistent, keys, gateways, webhookUrl, writingMs, env } = options;
  const url = `http://127.0.0.1:${port}`;
  return {
    file: join(import.meta.dirname, '../../sandbox/src/main.ts'),
    env: {
      ...env,
      SANDBOX_PORT: String(port),
      ...(persistent ? { SANDBOX_DATA_DIR: join(folder, 'sandbox') } : {}),
      ...(writingMs === undefined ? {} : { SANDBOX_WRITING_MS: String(writingMs) }),
      TELEGRAM_BOT_TOKEN: keys.botToken,
      SANDBOX_KEYS_FILE: gateways.keysFile,
      SANDBOX_GATEWAYS: gateways.names.join(','),
      SANDBOX_WEBHOOK_URL: webhookUrl,
      DEEPSEEK_API_KEY: keys.deepseekApiKey,
      YUANFENJU_API_KEY: keys.yuanfenjuApiKey,
    },
    url,
    chatUrl: `${url}/chat`,
    panelUrl: `${url}/panel`,
    chatApi: `${url}/chat/api`,
    urls: {
      telegram: `${url}/telegram`,
      deepseek: `${url}/deepseek`,
      yuanfenju: `${url}/yuanfenju/index.php`,
    },
  };
}
