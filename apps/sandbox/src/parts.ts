import { CallLog } from './calls.ts';
import { FaultBoard } from './faults.ts';
import type { Till } from './gateways/pingpong/buyer.ts';
import { Ledger } from './gateways/pingpong/ledger.ts';
import { NoticeSender } from './gateways/pingpong/notices.ts';
import { defaultNoticeRetryMs, defaultPeople, type SandboxOptions } from './options.ts';
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
  readonly till: Till;
}

const DEFAULT_WRITING_MS = 1_500;

export function makeParts(options: SandboxOptions): Parts {
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

  const ledger = new Ledger();
  const notices = new NoticeSender({
    webhookSecret: options.pingpong.webhookSecret,
    retryMs: options.noticeRetryMs ?? defaultNoticeRetryMs,
    faults,
    log: options.log,
    onChange: () => ledger.changed(),
  });
  return { options, calls, faults, bot, till: { ledger, notices, faults } };
}
