import type { InlineKeyboardButton, InlineKeyboardMarkup } from 'telegraf/types';
import type { RenderedButton } from '../texts.ts';

export type Buttons = readonly (readonly RenderedButton[])[];

/** Telegram's form of our buttons; nothing where there are none, which also takes a keyboard away in an edit. */
export function keyboard(buttons: Buttons): { reply_markup?: InlineKeyboardMarkup } {
  const lines = buttons.filter((line) => line.length > 0);
  return lines.length === 0 ? {} : { reply_markup: { inline_keyboard: lines.map((line) => line.map(asTelegram)) } };
}

function asTelegram({ text, callbackData, url }: RenderedButton): InlineKeyboardButton {
  return url === undefined ? { text, callback_data: callbackData ?? 'none' } : { text, url };
}

/** Telegram refuses URL buttons to hosts without a dot, such as `localhost`. */
export function fitsButton(url: string): boolean {
  return URL.canParse(url) && new URL(url).hostname.includes('.');
}

/** Buttons in lines of `width`. */
export function inLines(buttons: readonly RenderedButton[], width: number): RenderedButton[][] {
  return Array.from({ length: Math.ceil(buttons.length / width) }, (_, line) =>
    buttons.slice(line * width, (line + 1) * width),
  );
}
