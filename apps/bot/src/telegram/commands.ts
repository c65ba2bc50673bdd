import { messageOf } from '@mingdan/kernel';
import type { Language } from '@mingdan/orders';
import type { BotCommand } from 'telegraf/types';
import type { TelegramServices } from './services.ts';

const COMMANDS = [
  'start',
  'orders',
  'coins',
  'member',
  'promote',
  'help',
  'support',
  'paysupport',
  'language',
  'login',
  'cancel',
  'forget',
] as const;

type Needed = Pick<TelegramServices, 'telegram' | 'texts' | 'log'>;

function commandsIn(services: Needed, language: Language): BotCommand[] {
  return COMMANDS.map((command) => ({ command, description: services.texts.t(language, `commands.${command}`) }));
}

/** The menu beside the text field, by the language of the app. Best effort: the commands work without it. */
export async function setCommands(services: Needed): Promise<void> {
  await quietly(services, async () => {
    await services.telegram.setMyCommands(commandsIn(services, 'en'));
    // Telegram knows two-letter codes only, so `zh` is both; who chooses Taiwan's wording gets it for their chat.
    await services.telegram.setMyCommands(commandsIn(services, 'zh-CN'), { language_code: 'zh' });
  });
}

export async function setChatCommands(services: Needed, chatId: number, language: Language): Promise<void> {
  await quietly(services, async () => {
    await services.telegram.setMyCommands(commandsIn(services, language), { scope: { type: 'chat', chat_id: chatId } });
  });
}

async function quietly(services: Needed, call: () => Promise<void>): Promise<void> {
  await call().catch((error: unknown) =>
    services.log.warn({ cause: messageOf(error) }, 'the command menu was not set'),
  );
}
