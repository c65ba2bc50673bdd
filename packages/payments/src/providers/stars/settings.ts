import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';
import { apiRoot, text } from '../../values.ts';

export interface StarsBot {
  readonly token: string;
  /** root of the Bot API, without a trailing slash */
  readonly apiRoot: string;
}

const PUBLIC_API = 'https://api.telegram.org';

/** Stars have no keys of their own: the bot's token is the key. The webhook process hears nothing of them and gets nothing. */
export const settings: ProviderSettings<Record<never, never>, StarsBot> = {
  provider: 'stars',
  variables: [
    {
      name: 'TELEGRAM_BOT_TOKEN',
      expected: 'the token that @BotFather gave for the bot',
      example: '123456789:AAExampleExampleExampleExampleExample',
      secret: true,
      neededBy: 'bot',
      required: true,
    },
    {
      name: 'TELEGRAM_API_ROOT',
      expected: 'the root of the Bot API, without the token',
      example: PUBLIC_API,
      secret: false,
      neededBy: 'bot',
      required: false,
    },
  ],
  webhook: z.object({}).transform(() => ({})),
  bot: z
    .object({
      TELEGRAM_BOT_TOKEN: text,
      TELEGRAM_API_ROOT: apiRoot.default(PUBLIC_API),
    })
    .transform((values) => ({
      token: values.TELEGRAM_BOT_TOKEN,
      apiRoot: values.TELEGRAM_API_ROOT,
    })),
};
