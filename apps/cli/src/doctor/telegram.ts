import type { CliConfig } from '@mingdan/config';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { CALL_TIMEOUT_MS, type Finding, findingsOf } from './finding.ts';
import { isMissing } from './settings.ts';

const { ok, warn, fail } = findingsOf('telegram');

const reply = z.looseObject({ ok: z.boolean(), error_code: z.number().optional(), result: z.unknown().optional() });
const me = z.looseObject({ username: z.string() });
const webhook = z.looseObject({
  url: z.string(),
  pending_update_count: z.number().default(0),
  last_error_message: z.string().optional(),
});

export async function checkTelegram(context: Context, call: typeof fetch): Promise<Finding[]> {
  const { config } = context.settings();
  const { token, apiRoot } = config.telegram;
  if (token === null) return isMissing(context, 'TELEGRAM_BOT_TOKEN') ? [fail('not_set')] : [];
  const ask = askBotApi(call, `${apiRoot}/bot${token}`);
  try {
    const answer = await ask('getMe');
    if (!answer.ok) {
      const refused = answer.error_code === 401 || answer.error_code === 404;
      return [fail(refused ? 'token_refused' : 'error', { code: answer.error_code ?? 0 })];
    }
    const { username } = me.parse(answer.result);
    return [ok('reachable', { username }), ...judgeWebhook(config, await ask('getWebhookInfo'))];
  } catch {
    // What was thrown may name the address, and the address holds the token.
    return [fail('no_answer', { host: new URL(apiRoot).host })];
  }
}

function askBotApi(call: typeof fetch, base: string): (method: string) => Promise<z.output<typeof reply>> {
  return async (method) => {
    const response = await call(`${base}/${method}`, { method: 'POST', signal: AbortSignal.timeout(CALL_TIMEOUT_MS) });
    return reply.parse(await response.json());
  };
}

/** In polling mode a webhook would swallow the updates; in webhook mode it must be ours. */
function judgeWebhook(config: CliConfig, answer: z.output<typeof reply>): Finding[] {
  const info = webhook.safeParse(answer.result);
  if (!info.success) return [];
  const { url, pending_update_count: pending, last_error_message: error } = info.data;
  if (config.telegram.mode === 'polling')
    return url === '' ? [ok('polling', { pending })] : [warn('webhook_in_the_way')];
  if (url !== `${config.urls.public}/telegram/webhook`)
    return [warn(url === '' ? 'webhook_not_set' : 'webhook_elsewhere')];
  return error === undefined
    ? [ok('webhook', { pending })]
    : [warn('webhook_error', { error: error.slice(0, 200), pending })];
}
