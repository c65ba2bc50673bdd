import { createServer, type Server } from 'node:http';
import { makeControl, type SandboxControl } from './control.ts';
import { payThoseWhoWaited } from './gateways/pingpong/buyer.ts';
import type { SandboxOptions } from './options.ts';
import { makeParts } from './parts.ts';
import { createApp } from './server.ts';
import { keepSnapshot } from './snapshot.ts';

export type { Call, CallFilter, Service } from './calls.ts';
export type { PingPongControl, SandboxControl } from './control.ts';
export type { FaultPatch, FaultSettings } from './faults.ts';
export type { BuyerAction } from './gateways/pingpong/buyer.ts';
export type { Payment, Refund } from './gateways/pingpong/ledger.ts';
export type { Delivery, NoticeBody } from './gateways/pingpong/notices.ts';
export type { NewPerson, PingPongKeys, SandboxOptions } from './options.ts';
export type { FoundButton, MessageMatch, TelegramControl, WaitOptions } from './telegram/control.ts';
export type { ApiMessage, InlineButton, Update } from './telegram/types.ts';

export interface Sandbox {
  /** no slash at the end */
  readonly url: string;
  readonly telegramApiRoot: string;
  readonly pingpongApiBase: string;
  readonly deepseekBaseUrl: string;
  readonly yuanfenjuBaseUrl: string;
  readonly chatUrl: string;
  readonly panelUrl: string;
  readonly control: SandboxControl;
  close(): Promise<void>;
}

/** How often the gateway looks for payments whose time is over. */
const SWEEP_MS = 250;

/** Starts the outside world: Telegram, PingPong, DeepSeek and Yuanfenju on one port, with a chat page and a control panel. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const parts = makeParts(options);
  let url = '';
  const server = createServer(createApp(parts, () => url));
  // Long polls and event streams stay open for minutes.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  url = await listen(server, options.port, options.host ?? '127.0.0.1');
  const { bot, till } = parts;
  const stopSaving = options.dataDir
    ? keepSnapshot(options.dataDir, bot.world, till.ledger, options.log)
    : () => undefined;
  const sweep = setInterval(() => {
    payThoseWhoWaited(till).catch((error) => options.log.error({ err: error }, 'a late payment failed'));
  }, SWEEP_MS).unref();

  return {
    url,
    telegramApiRoot: `${url}/telegram`,
    pingpongApiBase: `${url}/pingpong`,
    deepseekBaseUrl: `${url}/deepseek`,
    yuanfenjuBaseUrl: `${url}/yuanfenju/index.php`,
    chatUrl: `${url}/chat`,
    panelUrl: `${url}/panel`,
    control: makeControl(parts),
    async close() {
      clearInterval(sweep);
      till.notices.close();
      bot.updates.close();
      stopSaving();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @throws Error EADDRINUSE and the like */
function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address ? address.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
    });
  });
}
