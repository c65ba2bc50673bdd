import { MingdanError } from '@mingdan/kernel';
import { z } from 'zod';

/**
 * The Bot API below telegraf: one call with a time-out and an error that holds no secret, and what telegraf 4.16 does not type.
 * Source: core.telegram.org/bots/api
 */

/** Updates we ask for. A list that is left out keeps the previous setting, so it is always sent. */
export const allowedUpdates = [
  'message',
  'callback_query',
  'pre_checkout_query',
  'my_chat_member',
  'subscription',
] as const;

/** A call that failed. Holds no token, no address and nothing of what was to be sent. */
export class TelegramCallFailed extends MingdanError {
  /** Telegram's error_code; 0 = no answer */
  readonly status: number;
  readonly description: string;
  readonly retryAfterSeconds: number | null;

  constructor(method: string, status: number, description: string, retryAfterSeconds: number | null = null) {
    const code = status === 0 ? 'telegram_unreachable' : `telegram_${status}`;
    super(code, `Telegram ${method}: ${description}`, { hint: hintFor(status) });
    this.status = status;
    this.description = description;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The person blocked the bot, deleted the account, or never opened the chat. */
  get chatIsClosed(): boolean {
    return this.status === 403 || (this.status === 400 && /chat not found|user is deactivated/i.test(this.description));
  }

  /** The same call may work in a while. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

function hintFor(status: number): string {
  if (status === 0 || status >= 500) return 'Telegram does not answer: check TELEGRAM_API_ROOT and the network';
  if (status === 401 || status === 404) return 'Check TELEGRAM_BOT_TOKEN';
  if (status === 429) return 'Too many messages: it goes on by itself';
  return 'Telegram refuses this call';
}

export interface BotAccess {
  readonly token: string;
  /** without a trailing slash */
  readonly apiRoot: string;
}

const answerShape = z.looseObject({
  ok: z.boolean(),
  result: z.unknown().optional(),
  error_code: z.number().optional(),
  description: z.string().optional(),
  parameters: z.looseObject({ retry_after: z.number().optional() }).optional(),
});

/** One POST. @throws TelegramCallFailed, with status 0 where there was no answer that could be understood */
export async function callBotApi(
  bot: BotAccess,
  method: string,
  payload: object,
  signal: AbortSignal,
): Promise<unknown> {
  let status = 0;
  let body: unknown;
  try {
    const response = await fetch(`${bot.apiRoot.replace(/\/+$/, '')}/bot${bot.token}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
      signal,
    });
    status = response.status;
    body = await response.json();
  } catch (error) {
    throw new TelegramCallFailed(method, status >= 500 ? status : 0, whyNoAnswer(error));
  }
  const answer = answerShape.safeParse(body);
  if (!answer.success)
    throw new TelegramCallFailed(method, status >= 500 ? status : 0, 'the answer cannot be understood');
  const { ok, result, error_code, description, parameters } = answer.data;
  if (ok) return result;
  throw new TelegramCallFailed(method, error_code ?? status, description ?? 'refused', parameters?.retry_after ?? null);
}

/** Node's fetch hides the reason in `cause`, whose message may hold the address: only its code is passed on. */
function whyNoAnswer(error: unknown): string {
  const { name, cause } = z
    .object({ name: z.string().catch(''), cause: z.object({ code: z.string() }).optional().catch(undefined) })
    .catch({ name: '', cause: undefined })
    .parse(error);
  if (name === 'TimeoutError') return 'no answer in time';
  return cause?.code ?? (name === 'SyntaxError' ? 'the answer is no JSON' : 'no answer');
}

const chat = z.looseObject({ id: z.number().int() });
const person = z.looseObject({ id: z.number().int() });

/** As much of an update as is needed to write it down; the rest is kept as it is. */
export const recordableUpdate = z.looseObject({
  update_id: z.number().int().nonnegative(),
  message: z
    .looseObject({ chat, successful_payment: z.unknown().optional(), refunded_payment: z.unknown().optional() })
    .optional(),
  callback_query: z.looseObject({ from: person, message: z.looseObject({ chat }).optional() }).optional(),
  pre_checkout_query: z.looseObject({ from: person }).optional(),
  my_chat_member: z.looseObject({ chat }).optional(),
  subscription: z.looseObject({ user: person }).optional(),
});
export type RecordableUpdate = z.infer<typeof recordableUpdate>;

/**
 * Handled at once, whatever else its chat does: Telegram waits ten seconds for the answer to a pre-checkout query, and money that came must
 * not stand behind a conversation.
 */
export function isUrgent(update: RecordableUpdate): boolean {
  const { message, pre_checkout_query, subscription } = update;
  return [pre_checkout_query, subscription, message?.successful_payment, message?.refunded_payment].some(
    (part) => part !== undefined,
  );
}

/** The chat whose order an update must keep: a private chat has the id of its person. */
export function chatOf(update: RecordableUpdate): number | null {
  return (
    update.message?.chat.id ??
    update.callback_query?.message?.chat.id ??
    update.callback_query?.from.id ??
    update.pre_checkout_query?.from.id ??
    update.my_chat_member?.chat.id ??
    update.subscription?.user.id ??
    null
  );
}
