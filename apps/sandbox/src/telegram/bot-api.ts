import { messageOf } from '@mingdan/kernel';
import express, { type Request, type Response, type Router } from 'express';
import { bytesOf, type Door, rawBody, serviceDoor } from '../service-door.ts';
import { botMethods } from './bot-methods.ts';
import type { BotContext, Method } from './context.ts';
import { editMethods } from './edit-methods.ts';
import { BotApiError, refusal } from './errors.ts';
import { readInput } from './input.ts';
import { sendMethods } from './send-methods.ts';
import { starMethods } from './stars/methods.ts';

const known: Record<string, Method> = { ...botMethods, ...sendMethods, ...editMethods, ...starMethods };

const methods = new Map(Object.entries(known).map(([name, method]) => [name.toLowerCase(), method]));

const spelling = new Map(Object.keys(known).map((name) => [name.toLowerCase(), name]));

/** `/bot<token>/<method>` and `/file/bot<token>/<path>`, as api.telegram.org has them. */
export function botApi(context: BotContext, token: string, door: Door): Router {
  const router = express.Router({ mergeParams: true });

  router.get('/file/:bot/:path', (req: Request<{ bot: string; path: string }>, res) => {
    const file = req.params.bot === `bot${token}` ? context.world.files.get(req.params.path) : undefined;
    if (!file) return void res.status(404).json(refusal(404));
    res.type('application/octet-stream').send(file.bytes);
  });

  const named = (req: Request) => {
    const name = String(req.params.method ?? '');
    return spelling.get(name.toLowerCase()) ?? name;
  };
  const broken = serviceDoor(door, 'telegram', named, (res, status, retryAfter) => {
    const parameters = status === 429 ? { retry_after: retryAfter } : {};
    const description = status === 429 ? `Too Many Requests: retry after ${retryAfter}` : undefined;
    res.status(status).json(refusal(status, description, parameters));
  });

  router.all('/:bot/:method', rawBody, broken, async (req, res) => {
    const bot = String(req.params.bot);
    if (!/^bot\d+:[\w-]+$/.test(bot)) return void res.status(404).json(refusal(404));
    if (bot !== `bot${token}`) return void res.status(401).json(refusal(401));
    await answer(context, req, res);
  });

  return router;
}

async function answer(context: BotContext, req: Request, res: Response): Promise<void> {
  try {
    const name = String(req.params.method).toLowerCase();
    const method = methods.get(name);
    if (!method) throw new BotApiError(404, 'Not Found: method not found');
    if (name === 'getupdates') res.once('close', () => !res.writableFinished && context.updates.abandonPoll());
    const input = await readInput(req.headers['content-type'] ?? '', bytesOf(req), { ...req.query });
    const origin = `${req.protocol}://${req.get('host') ?? 'localhost'}`;
    res.json({ ok: true, result: await method(context, { ...input, origin }) });
  } catch (error) {
    if (error instanceof BotApiError)
      res.status(error.status).json(refusal(error.status, error.message, error.parameters));
    else res.status(500).json(refusal(500, `Internal Server Error: ${messageOf(error)}`));
  }
}

/** A webhook may answer with a call in its body; its result goes nowhere, as with Telegram. */
export async function runWebhookReply(context: BotContext, body: unknown): Promise<void> {
  if (typeof body !== 'object' || body === null || !('method' in body)) return;
  const method = methods.get(String(body.method).toLowerCase());
  await method?.(context, { fields: { ...body }, uploads: new Map(), origin: '' });
}
