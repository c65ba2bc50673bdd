import { createHmac, randomBytes } from 'node:crypto';
import type { Person } from './world.ts';

export interface MiniApp {
  readonly botToken: string;
  /** its address; null where the sandbox was not told one, and then the chat has no button for it */
  readonly url: string | null;
}

/** Telegram's own colours, by day and by night. */
const THEMES = {
  light: {
    bg_color: '#ffffff',
    secondary_bg_color: '#f1f3f5',
    text_color: '#111111',
    hint_color: '#65727d',
    link_color: '#2481cc',
    button_color: '#2481cc',
    button_text_color: '#ffffff',
  },
  dark: {
    bg_color: '#17212b',
    secondary_bg_color: '#0e1621',
    text_color: '#f5f5f5',
    hint_color: '#8a98a5',
    link_color: '#6ab3f3',
    button_color: '#2b5278',
    button_text_color: '#ffffff',
  },
} as const;

/**
 * The address at which Telegram opens a Mini App: behind `#` who opened it, signed with the bot's token, and how the chat looks.
 * Source: core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
 */
export function miniAppAddress(app: MiniApp, person: Person, scheme: 'light' | 'dark', now: Date): string {
  const launch = new URLSearchParams({
    tgWebAppData: initData(app.botToken, person, now),
    tgWebAppVersion: '8.0',
    tgWebAppPlatform: 'weba',
    tgWebAppThemeParams: JSON.stringify(THEMES[scheme]),
  });
  return `${app.url}#${launch}`;
}

export function initData(botToken: string, person: Person, now: Date): string {
  const { id, name, username, language } = person;
  const fields = new URLSearchParams({
    query_id: randomBytes(12).toString('base64url'),
    user: JSON.stringify({ id, first_name: name, ...(username && { username }), language_code: language }),
    auth_date: String(Math.floor(now.getTime() / 1000)),
  });
  const lines = [...fields].map(([key, value]) => `${key}=${value}`).sort();
  const secret = createHmac('sha256', 'WebAppData').update(botToken).digest();
  fields.set('hash', createHmac('sha256', secret).update(lines.join('\n')).digest('hex'));
  return String(fields);
}
