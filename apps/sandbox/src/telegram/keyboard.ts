import { badRequest } from './errors.ts';
import type { InlineKeyboard } from './types.ts';

const MAX_CALLBACK_BYTES = 64;
const MAX_BUTTONS = 100;

/** What Telegram refuses in an inline keyboard. @throws BotApiError */
export function checkKeyboard(keyboard: InlineKeyboard): InlineKeyboard {
  const rows = keyboard.inline_keyboard.filter((row) => row.length > 0);
  const buttons = rows.flat();
  if (buttons.length > MAX_BUTTONS) throw badRequest('reply markup is too long');
  for (const button of buttons) {
    if (button.text.trim() === '')
      throw badRequest("can't parse inline keyboard button: Text buttons must be non-empty");
    const url = button.url ?? button.web_app?.url;
    if (url !== undefined) checkUrl(url, button.web_app !== undefined);
    else if (button.callback_data !== undefined) {
      const bytes = Buffer.byteLength(button.callback_data);
      if (bytes === 0 || bytes > MAX_CALLBACK_BYTES) throw badRequest('BUTTON_DATA_INVALID');
    } else if (!button.pay) {
      throw badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard");
    }
  }
  return { inline_keyboard: rows };
}

function checkUrl(url: string, isWebApp: boolean): void {
  const refuse = (why: string) =>
    badRequest(`inline keyboard button${isWebApp ? ' Web App' : ''} URL '${url}' is invalid: ${why}`);
  if (/^tg:\/\//.test(url) && !isWebApp) return;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) throw refuse('Unsupported URL protocol');
  // Telegram wants a name with a dot (an address in numbers has some), so `localhost` never works.
  if (!parsed.hostname.includes('.') && !parsed.hostname.startsWith('[')) throw refuse('Wrong HTTP URL');
  if (isWebApp && parsed.protocol !== 'https:') throw refuse('Only HTTPS links are allowed');
}
