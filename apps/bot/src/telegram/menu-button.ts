import { messageOf } from '@mingdan/kernel';
import { fitsButton } from './keyboard.ts';
import type { TelegramServices } from './services.ts';

type Needed = Pick<TelegramServices, 'telegram' | 'texts' | 'log'>;

/** Telegram knows one button for all chats of a bot, and none by language. */
const BUTTON_LANGUAGE = 'zh-CN';

/**
 * The button beside the text field opens the Mini App; commands are then found by typing a slash. Set anew at every start, which changes
 * nothing where it is so already. Best effort: all that the Mini App does can be done in chat.
 * Source: core.telegram.org/bots/api#setchatmenubutton
 */
export async function setMenuButton({ telegram, texts, log }: Needed, publicUrl: string): Promise<void> {
  if (!opensInTelegram(publicUrl)) return;
  const text = texts.t(BUTTON_LANGUAGE, 'menu_button');
  try {
    await telegram.setChatMenuButton({
      menuButton: { type: 'web_app', text, web_app: { url: `${publicUrl}/app` } },
    });
  } catch (error) {
    log.warn({ cause: messageOf(error) }, 'the menu button of the Mini App was not set');
  }
}

/** Telegram opens https alone, on hosts with a dot, and nobody's phone reaches our own machine. */
function opensInTelegram(url: string): boolean {
  return fitsButton(url) && url.startsWith('https:') && !/^127\./.test(new URL(url).hostname);
}
