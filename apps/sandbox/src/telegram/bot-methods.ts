import { z } from 'zod';
import type { Method } from './context.ts';
import { badRequest } from './errors.ts';
import { chatId, flag, jsonOr, parse } from './input.ts';
import { menuButtonMethods } from './menu-button.ts';
import { chatOf } from './world.ts';

const names = jsonOr(z.array(z.string())).optional();

const webhookInput = z.object({
  url: z.string().default(''),
  secret_token: z.string().default(''),
  max_connections: z.coerce.number().int().min(1).max(100).default(40),
  allowed_updates: names,
  drop_pending_updates: flag.default(false),
});

const pollInput = z.object({
  offset: z.coerce.number().int().default(0),
  limit: z.coerce.number().int().min(1).max(100).default(100),
  timeout: z.coerce.number().int().min(0).max(50).catch(50).default(0),
  allowed_updates: names,
});

const commandsInput = z.object({
  commands: jsonOr(z.array(z.object({ command: z.string(), description: z.string() })).max(100)),
});

export const botMethods: Record<string, Method> = {
  ...menuButtonMethods,

  getMe: ({ world }) => ({
    ...world.bot,
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    has_main_web_app: false,
  }),

  getUpdates(context, { fields }) {
    const { offset, limit, timeout, allowed_updates } = parse(pollInput, fields);
    return context.updates.pull({ offset, limit, timeout, allowedUpdates: allowed_updates });
  },

  setWebhook(context, { fields }) {
    const wanted = parse(webhookInput, fields);
    if (!/^[\w-]{0,256}$/.test(wanted.secret_token)) throw badRequest('secret token contains unallowed characters');
    // A self-hosted Bot API server takes plain http too, and so does this one: nothing here has a certificate.
    if (wanted.url !== '' && !URL.canParse(wanted.url)) throw badRequest('bad webhook: Failed to parse URL');
    const hook = { url: wanted.url, secretToken: wanted.secret_token, maxConnections: wanted.max_connections };
    context.updates.setWebhook(wanted.url === '' ? null : hook, {
      dropPending: wanted.drop_pending_updates,
      allowedUpdates: wanted.allowed_updates,
    });
    return true;
  },

  deleteWebhook(context, { fields }) {
    context.updates.setWebhook(null, { dropPending: parse(webhookInput, fields).drop_pending_updates });
    return true;
  },

  getWebhookInfo: ({ updates }) => updates.webhookInfo(),

  getChat(context, { fields }) {
    const person = context.world.get(parse(z.object({ chat_id: chatId }), fields).chat_id);
    if (!person.started) throw badRequest('chat not found');
    return { ...chatOf(person), accent_color_id: 0, max_reaction_count: 11 };
  },

  setMyCommands(context, { fields }) {
    const { commands } = parse(commandsInput, fields);
    for (const { command, description } of commands) {
      if (!/^[a-z0-9_]{1,32}$/.test(command)) throw badRequest('BOT_COMMAND_INVALID');
      if (description.length < 1 || description.length > 256) throw badRequest('BOT_COMMAND_DESCRIPTION_INVALID');
    }
    context.world.commands.set(languageOf(fields), commands);
    context.world.tellAll({ kind: 'person' });
    return true;
  },
  getMyCommands: ({ world }, { fields }) => world.commands.get(languageOf(fields)) ?? [],
  deleteMyCommands(context, { fields }) {
    context.world.commands.delete(languageOf(fields));
    return true;
  },

  getFile(context, { fields }) {
    const file = context.world.files.get(String(fields.file_id ?? ''));
    if (!file) throw badRequest('wrong file_id or the file is temporarily unavailable');
    return { file_id: file.id, file_unique_id: file.id.slice(3, 15), file_size: file.bytes.length, file_path: file.id };
  },

  setMyName: () => true,
  setMyDescription: () => true,
  setMyShortDescription: () => true,
  logOut: () => true,
  close: () => true,
};

function languageOf(fields: Readonly<Record<string, unknown>>): string {
  return typeof fields.language_code === 'string' ? fields.language_code : '';
}
