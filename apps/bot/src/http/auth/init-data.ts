import { createHmac, timingSafeEqual } from 'node:crypto';
import { MingdanError } from '@mingdan/kernel';
import { z } from 'zod';

/** Who opened a Mini App, as Telegram signed it. */
export interface MiniAppUser {
  readonly telegramId: number;
  readonly name: string;
  readonly languageCode: string | undefined;
  readonly signedAt: Date;
}

export interface InitDataRules {
  readonly botToken: string;
  readonly maxAgeSeconds: number;
  readonly now: Date;
}

/** `bad_init_data`: this bot's token did not sign it. `init_data_expired`: it did, at another time. */
export class InitDataRefused extends MingdanError {
  constructor(code: 'bad_init_data' | 'init_data_expired', message: string) {
    super(code, message, { hint: 'The Mini App has to send Telegram.WebApp.initData as it is, and to be opened anew' });
  }
}

/** Clocks differ; more than this is no clock. */
const AHEAD_SECONDS = 5 * 60;

const userShape = z.object({
  id: z.number().int().positive().max(Number.MAX_SAFE_INTEGER),
  first_name: z.string().default(''),
  last_name: z.string().default(''),
  language_code: z.string().optional(),
});

/**
 * Checks `Telegram.WebApp.initData`; the HMAC under the bot's token decides, and all of it but `hash` is signed (`signature` too).
 * Source: core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
 * @throws InitDataRefused
 */
export function readInitData(text: string, { botToken, maxAgeSeconds, now }: InitDataRules): MiniAppUser {
  const fields = [...new URLSearchParams(text)];
  const values = new Map(fields);
  // Which of two counts would be ours to guess: nobody honest sends them.
  if (values.size !== fields.length) throw new InitDataRefused('bad_init_data', 'a key of it stands there twice');
  if (botToken === '' || !isSigned(values, botToken))
    throw new InitDataRefused('bad_init_data', "it is not signed with this bot's token");
  const signedAt = Number(/^\d{1,12}$/.exec(values.get('auth_date') ?? '')?.[0] ?? Number.NaN);
  const age = now.getTime() / 1000 - signedAt;
  if (!(age <= maxAgeSeconds && age >= -AHEAD_SECONDS))
    throw new InitDataRefused('init_data_expired', 'it is too old, or of the future');
  const user = userShape.safeParse(parsed(values.get('user')));
  if (!user.success) throw new InitDataRefused('bad_init_data', 'it names no user');
  const { id, first_name, last_name, language_code } = user.data;
  const name = `${first_name} ${last_name}`.trim();
  return { telegramId: id, name, languageCode: language_code, signedAt: new Date(signedAt * 1000) };
}

function isSigned(values: ReadonlyMap<string, string>, botToken: string): boolean {
  const hash = values.get('hash') ?? '';
  if (!/^[0-9a-f]{64}$/i.test(hash)) return false;
  const lines = [...values].flatMap(([key, value]) => (key === 'hash' ? [] : [`${key}=${value}`]));
  const secret = createHmac('sha256', 'WebAppData').update(botToken).digest();
  const expected = createHmac('sha256', secret).update(lines.sort().join('\n')).digest();
  return timingSafeEqual(expected, Buffer.from(hash, 'hex'));
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
