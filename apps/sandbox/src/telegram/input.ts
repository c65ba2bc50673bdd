import { z } from 'zod';
import { badRequest } from './errors.ts';

export interface Upload {
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
}

export interface Input {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly uploads: ReadonlyMap<string, Upload>;
  /** where the sandbox was reached, for links into it */
  readonly origin: string;
}

/** The Bot API takes parameters as JSON, form, multipart or in the query, mixed as one likes. @throws BotApiError 400 */
export async function readInput(
  contentType: string,
  body: Buffer,
  query: Record<string, unknown>,
): Promise<Omit<Input, 'origin'>> {
  const fields: Record<string, unknown> = { ...query };
  const uploads = new Map<string, Upload>();
  if (body.length === 0) return { fields, uploads };
  if (contentType.includes('application/json')) Object.assign(fields, readJson(body));
  else if (contentType.includes('urlencoded')) {
    Object.assign(fields, Object.fromEntries(new URLSearchParams(body.toString('utf8'))));
  } else if (contentType.includes('multipart/form-data')) {
    await readMultipart(contentType, body, fields, uploads);
  }
  return { fields, uploads };
}

function readJson(body: Buffer): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(body.toString('utf8')));
  } catch {
    throw badRequest("can't parse JSON object");
  }
}

async function readMultipart(
  contentType: string,
  body: Buffer,
  fields: Record<string, unknown>,
  uploads: Map<string, Upload>,
): Promise<void> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } })
    .formData()
    .catch(() => {
      throw badRequest("can't parse multipart form");
    });
  for (const [name, value] of form.entries()) {
    if (typeof value === 'string') fields[name] = value;
    else {
      uploads.set(name, {
        name: value.name,
        type: value.type || 'application/octet-stream',
        bytes: Buffer.from(await value.arrayBuffer()),
      });
    }
  }
}

/** A value that forms carry as JSON text. */
export function jsonOr<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    if (value === '') return undefined;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }, schema);
}

const number = z.coerce.number().int();
export const optionalNumber = number.optional();
export const flag = z
  .union([z.boolean(), z.string(), z.number()])
  .transform((value) => /^(true|1)$/i.test(String(value)));

const button = z.looseObject({
  text: z.string(),
  callback_data: z.string().optional(),
  url: z.string().optional(),
  web_app: z.object({ url: z.string() }).optional(),
  pay: z.boolean().optional(),
});

export const inlineKeyboard = z.object({ inline_keyboard: z.array(z.array(button)) });

const keyButton = z.union([z.string().transform((text) => ({ text })), z.looseObject({ text: z.string() })]);

export const replyMarkup = jsonOr(
  z.union([
    inlineKeyboard,
    z.looseObject({ keyboard: z.array(z.array(keyButton)) }),
    z.looseObject({ remove_keyboard: z.boolean() }),
    z.looseObject({ force_reply: z.boolean() }),
  ]),
).optional();

export const entityList = jsonOr(
  z.array(
    z.looseObject({
      type: z.string(),
      offset: z.number().int(),
      length: z.number().int(),
      url: z.string().optional(),
      language: z.string().optional(),
    }),
  ),
).optional();

export const chatId = z.coerce.number('chat not found').int('chat not found');

/** @throws BotApiError 400 that names the field */
export function parse<T extends z.ZodType>(schema: T, fields: unknown): z.infer<T> {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  if (issue?.message === 'chat not found') throw badRequest('chat not found');
  throw badRequest(`can't parse parameter "${field}": ${issue?.message ?? 'invalid'}`);
}
