import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '@mingdan/kernel';
import express, { type ErrorRequestHandler, type Express } from 'express';
import { ZodError } from 'zod';
import { deepseekRoutes } from './deepseek/routes.ts';
import type { OpenGateway } from './gateways/open.ts';
import { scanPage } from './gateways/scan.ts';
import { checkout } from './gateways/till/checkout.ts';
import { inboxPages } from './mail/routes.ts';
import { defaultModels } from './options.ts';
import { panelApi } from './panel/routes.ts';
import type { Parts } from './parts.ts';
import { botApi } from './telegram/bot-api.ts';
import { chatApi } from './telegram/chat-api.ts';
import { miniAppOrigins } from './telegram/menu-button.ts';
import { yuanfenjuRoutes } from './yuanfenju/routes.ts';

const PUBLIC = join(import.meta.dirname, '..', 'public');
const FONT = dirname(fileURLToPath(import.meta.resolve('@fontsource/noto-sans-sc/400.css')));

const POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/** All services and pages under one address. */
export function createApp({ options, calls, faults, bot, inbox, gateways }: Parts): Express {
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
  for (const open of gateways.values()) serveGateway(app, open);
  app.use('/scan', scanPage(gateways.values()));
  const deepseek = { apiKey: options.deepseekApiKey, models: options.deepseekModels ?? defaultModels };
  app.use('/deepseek', deepseekRoutes(deepseek, faults, door));
  app.use('/yuanfenju/index.php', yuanfenjuRoutes(options.yuanfenjuApiKey, door));

  app.use('/inbox', inboxPages(inbox));
  const miniApp = { botToken: options.botToken, url: options.miniAppUrl ?? null };
  app.use('/chat/api', chatApi(bot, miniApp));
  app.use('/panel/api', panelApi(faults, calls, gateways));
  app.get('/', (_req, res) => res.sendFile('index.html', { root: PUBLIC }));
  app.get('/chat', (_req, res) => {
    // The Mini App of the bot is shown in a frame, and nothing else is.
    const origins = miniAppOrigins(bot.world, miniApp.url);
    if (origins.length > 0) res.set('content-security-policy', `${POLICY}; frame-src ${origins.join(' ')}`);
    res.sendFile('chat.html', { root: PUBLIC });
  });
  app.get('/telegram-web-app.js', (_req, res) => res.sendFile('telegram-web-app.js', { root: PUBLIC }));
  app.get('/panel', (_req, res) => res.sendFile('panel.html', { root: PUBLIC }));
  app.use('/assets/font', express.static(FONT, { maxAge: '1d' }));
  app.use('/assets', express.static(PUBLIC));
  app.use((_req, res) => void res.status(404).json({ error: 'there is no such page in the sandbox' }));
  app.use(lastResort(options.log));
  return app;
}

/** Page and looks, then the protocol, which may be known by host alone: there its paths stand under the root as well. */
function serveGateway(app: Express, open: OpenGateway): void {
  const { name, rootPaths = [] } = open.gateway;
  const folder = join(import.meta.dirname, 'gateways', name);
  app.use(`/${name}/checkout`, checkout(open));
  for (const file of ['theme.css', 'logo.svg'])
    app.get(`/assets/gateways/${name}/${file}`, (_req, res) => res.sendFile(file, { root: folder }));
  app.use(`/${name}`, open.stand.routes);
  app.use((req, res, next) => {
    const isItsOwn = rootPaths.some((path) => req.path === path || req.path.startsWith(`${path}/`));
    return isItsOwn ? open.stand.routes(req, res, next) : next();
  });
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
