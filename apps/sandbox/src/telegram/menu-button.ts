import { z } from 'zod';
import type { Method } from './context.ts';
import { badRequest } from './errors.ts';
import { jsonOr, optionalNumber, parse } from './input.ts';
import type { MenuButton } from './types.ts';
import type { Person, World } from './world.ts';

const button = z.looseObject({
  type: z.string(),
  text: z.string().default(''),
  web_app: z.looseObject({ url: z.string().default('') }).default({ url: '' }),
});
const input = z.object({ chat_id: optionalNumber, menu_button: jsonOr(z.unknown()) });

/** The button of one chat, or without `chat_id` that of all chats that have none of their own. */
export const menuButtonMethods: Record<string, Method> = {
  setChatMenuButton({ world }, { fields }) {
    const { chat_id: chatId, menu_button: wanted } = parse(input, fields);
    const chat = chatId === undefined ? null : world.get(chatId).id;
    world.menuButtons.set(chat, readButton(wanted));
    world.tellAll({ kind: 'person' });
    return true;
  },

  getChatMenuButton({ world }, { fields }) {
    const { chat_id: chatId } = parse(input, fields);
    if (chatId === undefined) return world.menuButtons.get(null) ?? { type: 'commands' };
    return world.menuButtons.get(world.get(chatId).id) ?? { type: 'default' };
  },
};

/** The button that this person sees, where it opens a Mini App. */
export function menuButtonFor(world: World, { id }: Person): { text: string; url: string } | null {
  const own = world.menuButtons.get(id);
  const seen = own === undefined || own.type === 'default' ? world.menuButtons.get(null) : own;
  return seen?.type === 'web_app' ? { text: seen.text, url: seen.web_app.url } : null;
}

/** Whose pages the chat may show in its frame. @param url of the Mini App that the sandbox itself was told */
export function miniAppOrigins(world: World, url: string | null): string[] {
  const behindButtons = [...world.menuButtons.values()].flatMap((one) =>
    one.type === 'web_app' ? one.web_app.url : [],
  );
  return [...new Set([...(url === null ? [] : [url]), ...behindButtons].map((each) => new URL(each).origin))];
}

function readButton(wanted: unknown): MenuButton {
  if (wanted === undefined) return { type: 'default' };
  const found = button.safeParse(wanted).data;
  if (!found) throw badRequest("can't parse menu button: MenuButton must be an Object");
  const {
    type,
    text,
    web_app: { url },
  } = found;
  if (type === 'default' || type === 'commands') return { type };
  if (type !== 'web_app') throw badRequest("can't parse menu button: MenuButton has unsupported type");
  if (text.trim() === '') throw badRequest('menu button text must be non-empty');
  const why = whyNoWebApp(url);
  if (why !== undefined) throw badRequest(`menu button web app URL '${url}' is invalid: ${why}`);
  return { type, text, web_app: { url } };
}

function whyNoWebApp(url: string): string | undefined {
  if (!URL.canParse(url) || !new URL(url).hostname.includes('.')) return 'Wrong HTTP URL';
  return new URL(url).protocol === 'https:' ? undefined : 'Only HTTPS links are allowed';
}
