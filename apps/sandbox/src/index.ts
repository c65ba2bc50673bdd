import { createServer, type Server } from 'node:http';
import { makeControl, type SandboxControl } from './control.ts';
import { type GatewayName, gatewayNames } from './gateways/index.ts';
import { startMailServer } from './mail/smtp.ts';
import type { SandboxOptions } from './options.ts';
import { makeParts } from './parts.ts';
import { createApp } from './server.ts';
import { keepSnapshot } from './snapshot.ts';

export type { Call, CallFilter, Service } from './calls.ts';
export type { GatewayControl, SandboxControl } from './control.ts';
export type { FaultPatch, FaultSettings } from './faults.ts';
export type { BuyerAction, Dispute, MadeKeys, Notice, Payment, Refund } from './gateways/contract.ts';
export { type GatewayKeys, type GatewayName, gatewayNames, gateways } from './gateways/index.ts';
export type { PingPongKeys } from './gateways/pingpong/keys.ts';
export type { Delivery } from './gateways/till/notices.ts';
export type { MailControl, MailMatch } from './mail/control.ts';
export type { MailTrouble, SandboxMail } from './mail/inbox.ts';
export type { NewPerson, SandboxOptions } from './options.ts';
export type { FoundButton, MessageMatch, TelegramControl, WaitOptions } from './telegram/control.ts';
export type { ApiMessage, InlineButton, Update } from './telegram/types.ts';

export interface Sandbox {
  /** no slash at the end */
  readonly url: string;
  readonly telegramApiRoot: string;
  readonly pingpongApiBase: string;
  /** `<url>/<name>` of each gateway */
  readonly gatewayBases: Readonly<Record<GatewayName, string>>;
  readonly deepseekBaseUrl: string;
  readonly yuanfenjuBaseUrl: string;
  readonly smtpUrl: string;
  readonly chatUrl: string;
  readonly inboxUrl: string;
  readonly panelUrl: string;
  readonly control: SandboxControl;
  close(): Promise<void>;
}

/** How often the gateways look for payments whose time is over. */
const SWEEP_MS = 250;

/** Starts the outside world: Telegram, the gateways, DeepSeek and Yuanfenju on one port, with a chat page, an inbox and a control panel; mail on another. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  let url = '';
  const parts = makeParts(options, () => url);
  const server = createServer(createApp(parts));
  // Long polls and event streams stay open for minutes.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 60_000;
  const host = options.host ?? '127.0.0.1';
  const mail = await startMailServer(parts.inbox, options.smtpPort ?? 0, host, options.log);
  url = await listen(server, options.port, host).catch(async (error: unknown) => {
    await mail.close();
    throw error;
  });
  const { bot } = parts;
  const tills = [...parts.gateways.values()].map(({ till }) => till);
  const stopSaving = options.dataDir
    ? keepSnapshot(options.dataDir, bot.world, parts.gateways, options.log)
    : () => undefined;
  const sweep = setInterval(() => {
    for (const till of tills)
      till.sweep(Date.now()).catch((error) => options.log.error({ err: error }, 'a late payment failed'));
  }, SWEEP_MS).unref();

  return {
    url,
    telegramApiRoot: `${url}/telegram`,
    pingpongApiBase: `${url}/pingpong`,
    gatewayBases: Object.fromEntries(gatewayNames.map((name) => [name, `${url}/${name}`])) as Record<
      GatewayName,
      string
    >,
    deepseekBaseUrl: `${url}/deepseek`,
    yuanfenjuBaseUrl: `${url}/yuanfenju/index.php`,
    smtpUrl: `smtp://${host.includes(':') ? `[${host}]` : host}:${mail.port}`,
    chatUrl: `${url}/chat`,
    inboxUrl: `${url}/inbox`,
    panelUrl: `${url}/panel`,
    control: makeControl(parts),
    async close() {
      clearInterval(sweep);
      for (const till of tills) till.stop();
      bot.updates.close();
      stopSaving();
      await mail.close();
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
