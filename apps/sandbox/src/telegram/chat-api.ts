import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { BotContext } from './context.ts';
import { menuButtonFor } from './menu-button.ts';
import { type MiniApp, miniAppAddress } from './mini-app.ts';
import { block, NotPossible, press, say, start } from './people.ts';
import { pay, topUp } from './stars/pay.ts';
import { playSubscription } from './stars/subscription.ts';
import type { ChatEvent } from './types.ts';
import type { Person } from './world.ts';

const newPerson = z.object({
  name: z.string().trim().min(1).max(64),
  language: z.string().regex(/^[a-z]{2,3}(-[a-zA-Z]{2,8})?$/),
  id: z.number().int().positive().optional(),
});
const said = z.object({ text: z.string().max(5_000) });
const pressed = z.object({ messageId: z.number().int(), data: z.string() });
const started = z.object({ payload: z.string().default('') });
const paying = z.object({ messageId: z.number().int().optional(), link: z.string().max(4_000).optional() });
const subscribed = z.object({ chargeId: z.string().max(200), what: z.enum(['renew', 'cancel']) });
const toppingUp = z.object({ stars: z.number().int().min(1).max(100_000) });
const opening = z.object({
  scheme: z.enum(['light', 'dark']).default('light'),
  from: z.enum(['bar', 'menu']).default('bar'),
});
const blocking = z.object({ blocked: z.boolean() });

/** What the chat page asks for: who is there, what is new, and what its person does. */
export function chatApi(context: BotContext, miniApp: MiniApp): Router {
  const router = express.Router();
  router.use(express.json({ limit: '64kb' }));

  router.get('/people', (_req, res) => {
    res.json({ people: context.world.people().map(summary) });
  });
  router.post('/people', (req, res) => {
    const { id, ...wanted } = newPerson.parse(req.body);
    res.status(201).json(summary(context.world.add({ ...wanted, ...(id !== undefined && { id }) })));
  });
  router.get('/people/:id/events', (req, res) => stream(context, miniApp, req, res));
  router.post(
    '/people/:id/messages',
    act((id, body) => say(context, id, said.parse(body).text)),
  );
  router.post(
    '/people/:id/start',
    act((id, body) => start(context, id, started.parse(body).payload)),
  );
  router.post(
    '/people/:id/block',
    act((id, body) => block(context, id, blocking.parse(body).blocked)),
  );
  router.post(
    '/people/:id/press',
    act((id, body) => {
      const { messageId, data } = pressed.parse(body);
      return { queryId: press(context, id, messageId, data) };
    }),
  );
  router.post(
    '/people/:id/pay',
    act((id, body) => pay(context, id, paying.parse(body))),
  );
  router.post(
    '/people/:id/subscription',
    act((id, body) => playSubscription(context, id, subscribed.parse(body))),
  );
  router.post(
    '/people/:id/stars',
    act((id, body) => topUp(context, id, toppingUp.parse(body).stars)),
  );
  router.post(
    '/people/:id/mini-app',
    act((id, body) => {
      const person = context.world.find(id);
      const { scheme, from } = opening.parse(body);
      const url = person && from === 'menu' ? menuButtonFor(context.world, person)?.url : miniApp.url;
      if (!person || !url) throw new NotPossible('there is no Mini App here');
      return { url: miniAppAddress({ ...miniApp, url }, person, scheme, new Date()) };
    }),
  );
  router.get('/files/:id', (req, res) => sendFile(context, req, res));
  return router;
}

function act(work: (id: number, body: unknown) => unknown) {
  return async (req: Request<{ id: string }>, res: Response) => {
    try {
      res.json((await work(Number(req.params.id), req.body ?? {})) ?? {});
    } catch (error) {
      if (!(error instanceof NotPossible)) throw error;
      res.status(409).json({ error: error.message });
    }
  };
}

function summary({ id, name, language, username, started: has, blocked, stars }: Person) {
  return { id, name, language, username, started: has, blocked, stars };
}

/** Server-sent events: the whole chat first, then what changes. */
function stream(context: BotContext, miniApp: MiniApp, req: Request<{ id: string }>, res: Response): void {
  const person = context.world.find(Number(req.params.id));
  if (!person) return void res.status(404).json({ error: `there is no user ${req.params.id}` });
  res.set({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  const send = (event: unknown) => res.write(`data: ${JSON.stringify(event)}\n\n`);
  const head = () => {
    const now = context.world.find(person.id) ?? person;
    return {
      me: summary(now),
      bot: context.world.bot,
      commands: context.world.commandsFor(now),
      miniApp: miniApp.url !== null,
      menuButton: menuButtonFor(context.world, now)?.text ?? null,
    };
  };
  send({ kind: 'all', ...head(), messages: person.messages });
  const stop = context.world.listen(person.id, (event: ChatEvent) => {
    send(event.kind === 'person' ? { kind: 'person', ...head() } : event);
  });
  const beat = setInterval(() => res.write(': still here\n\n'), 20_000);
  res.once('close', () => {
    clearInterval(beat);
    stop();
  });
}

/** Only pictures are shown in place; a document that a bot sends must never run as a page of this origin. */
function sendFile(context: BotContext, req: Request<{ id: string }>, res: Response): void {
  const file = context.world.files.get(req.params.id);
  if (!file) return void res.status(404).json({ error: 'no such file' });
  const picture = pictureType(file.bytes);
  res.set('x-content-type-options', 'nosniff');
  // After the name, which would choose a type of its own.
  if (!picture) res.attachment(file.name);
  res.type(picture ?? 'application/octet-stream');
  res.send(file.bytes);
}

function pictureType(bytes: Buffer): string | undefined {
  const head = bytes.subarray(0, 12).toString('latin1');
  if (head.startsWith('\x89PNG')) return 'image/png';
  if (head.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (head.startsWith('GIF8')) return 'image/gif';
  return head.startsWith('RIFF') && head.endsWith('WEBP') ? 'image/webp' : undefined;
}
