import { CallLog } from './calls.ts';
import { FaultBoard } from './faults.ts';
import type { GatewayName } from './gateways/index.ts';
import { type OpenGateway, openGateways } from './gateways/open.ts';
import { Inbox } from './mail/inbox.ts';
import { defaultPeople, type SandboxOptions } from './options.ts';
import { runWebhookReply } from './telegram/bot-api.ts';
import type { BotContext } from './telegram/context.ts';
import { FloodControl } from './telegram/flood.ts';
import { UpdateQueue } from './telegram/updates.ts';
import { World } from './telegram/world.ts';

/** Everything that the routes and the control work on. */
export interface Parts {
  readonly options: SandboxOptions;
  readonly calls: CallLog;
  readonly faults: FaultBoard;
  readonly bot: BotContext;
  readonly inbox: Inbox;
  /** those that have keys */
  readonly gateways: ReadonlyMap<GatewayName, OpenGateway>;
  /** the merchant's settings in the gateways' consoles */
  readonly merchant: { webhookUrl: string };
}

const DEFAULT_WRITING_MS = 1_500;

/** @param url root of the sandbox; known once the port is */
export function makeParts(options: SandboxOptions, url: () => string): Parts {
  const calls = new CallLog();
  const faults = new FaultBoard(options.writingMs ?? DEFAULT_WRITING_MS);
  const botId = Number(options.botToken.split(':')[0]);
  const world = new World(botId, options.botUsername ?? 'mingdan_sandbox_bot', options.people ?? defaultPeople);
  const updates = new UpdateQueue({
    log: options.log,
    retryMs: options.webhookRetryMs ?? 1_000,
    onReply: (body) => {
      runWebhookReply(bot, body).catch((error) =>
        options.log.warn({ err: error }, 'the call in a webhook answer failed'),
      );
    },
  });
  const bot: BotContext = {
    world,
    updates,
    flood: new FloodControl(faults, () => performance.now()),
    queries: new Map(),
  };

  const merchant = { webhookUrl: options.webhookUrl ?? '' };
  const gateways = openGateways({
    keys: { ...(options.pingpong && { pingpong: options.pingpong }), ...options.gateways },
    retryMs: options.noticeRetryMs,
    faults,
    door: { calls, faults },
    log: options.log,
    url,
    webhookUrl: () => merchant.webhookUrl.replace(/\/+$/, ''),
  });
  return { options, calls, faults, bot, inbox: new Inbox(), gateways, merchant };
}
