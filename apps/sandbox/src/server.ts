import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@mingdan/kernel';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { ZodError } from 'zod';
import { deepseekRoutes } from './deepseek/routes.ts';
import { pingpongRoutes } from './gateways/pingpong/routes.ts';
import { defaultModels } from './options.ts';
import { panelApi } from './panel/routes.ts';
import type { Parts } from './parts.ts';
import { botApi } from './telegram/bot-api.ts';
import { chatApi } from './telegram/chat-api.ts';
import { yuanfenjuRoutes } from './yuanfenju/routes.ts';

const PUBLIC = join(import.meta.dirname, '..', 'public');
const FONT = dirname(fileURLToPath(import.meta.resolve('@fontsource/noto-sans-sc/400.css')));

const POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/** All services and pages under one address. @param url where it is reached; known once the port is */
export function createApp({ options, calls, faults, bot, till }: Parts, url: () => string): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((_req, res, next) => {
    res.set({ 'content-security-policy': POLICY, 'x-content-type-options': 'nosniff' });
    next();
  });

  const door = { calls, faults };
  const telegram = botApi(bot, options.botToken, door);
  app.use('/telegram', telegram);
  // telegraf resolves `./bot<token>/<method>` against its API root, which drops the root's own path where no slash ends it.
  app.use((req, res, next) => (/^\/(file\/)?bot\d/.test(req.path) ? telegram(req, res, next) : next()));
  app.use(
    '/pingpong',
    pingpongRoutes(till, options.pingpong, door, () => `${url()}/pingpong`),
  );
  const deepseek = { apiKey: options.deepseekApiKey, models: options.deepseekModels ?? defaultModels };
  app.use('/deepseek', deepseekRoutes(deepseek, faults, door));
  app.use('/yuanfenju/index.php', yuanfenjuRoutes(options.yuanfenjuApiKey, door));

  app.use('/chat/api', chatApi(bot));
  app.use('/panel/api', panelApi(faults, calls, till));
  app.get('/', (_req, res) => res.sendFile(join(PUBLIC, 'index.html')));
  app.get('/chat', (_req, res) => res.sendFile(join(PUBLIC, 'chat.html')));
  app.get('/panel', (_req, res) => res.sendFile(join(PUBLIC, 'panel.html')));
  app.use('/assets/font', express.static(FONT, { maxAge: '1d' }));
  app.use('/assets', express.static(PUBLIC));
  app.use((_req, res) => void res.status(404).json({ error: 'there is no such page in the sandbox' }));
  app.use(lastResort(options.log));
  return app;
}

function lastResort(log: Logger): ErrorRequestHandler {
  return (error, _req, res, _next) => {
    if (res.headersSent) return void res.destroy();
    if (error instanceof ZodError) return void res.status(422).json({ error: error.issues[0]?.message ?? 'invalid' });
    const status = typeof error?.status === 'number' && error.status < 500 ? error.status : 500;
    if (status === 500) log.error({ err: error }, 'the sandbox failed');
    res.status(status).json({ error: status === 500 ? 'the sandbox failed; its log says why' : String(error.message) });
  };
}
