import { pause } from '@mingdan/kernel';
import type { HttpDeps } from './deps.ts';

/** A page does not wait longer for Telegram. */
const PATIENCE_MS = 1_000;

/** The name of the bot for a link into the chat; undefined where Telegram does not say it soon. */
export async function botNameSoon({ botName, log }: Pick<HttpDeps, 'botName' | 'log'>): Promise<string | undefined> {
  if (!botName) return undefined;
  const answered = new AbortController();
  const asked = botName()
    .catch((error: unknown) => {
      log.warn({ err: error }, 'the name of the bot is not known');
      return undefined;
    })
    .finally(() => answered.abort());
  return Promise.race([asked, pause(PATIENCE_MS, answered.signal).then(() => undefined)]);
}
