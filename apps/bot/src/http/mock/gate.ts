import type { BotConfig } from '@mingdan/config';
import { z } from 'zod';
import type { MockGate } from '../deps.ts';

const notices = z.object({ webhookSecret: z.string().min(1) });

/** Null in production, whatever is set. */
export function mockGate(
  config: Pick<BotConfig, 'production' | 'urls' | 'http' | 'providers'> & {
    readonly telegram?: Pick<BotConfig['telegram'], 'apiRoot'>;
  },
): MockGate | null {
  if (config.production) return null;
  const { data = null } = notices.safeParse(config.providers.get('mock'));
  const { sandboxUrl } = config.http;
  const playsTelegram = sandboxUrl !== null && (config.telegram?.apiRoot.startsWith(sandboxUrl) ?? false);
  return { webhookUrl: config.urls.webhook, sandboxUrl, notices: data, ...(playsTelegram ? { playsTelegram } : {}) };
}
