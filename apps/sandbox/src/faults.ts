import { z } from 'zod';
import type { Service } from './calls.ts';

/** How often; null = until it is switched off. */
const times = z.number().int().min(1).max(10_000).nullable().default(null);
/** Only calls whose name holds this text, such as `sendMessage` or `/v1/refunds`. */
const only = z.string().max(100).default('');
/** Lets so many fitting calls pass first. */
const skip = z.number().int().min(0).max(10_000).default(0);

const slow = z.object({ ms: z.number().int().min(1).max(600_000), times, only });
const fail = z.object({
  status: z.number().int().min(400).max(599),
  times,
  only,
  skip,
  /** seconds, sent with a 429 */
  retryAfter: z.number().int().min(0).max(86_400).default(3),
});
const drop = z.object({ when: z.enum(['before', 'after']), times, only, skip });

const common = { slow: slow.nullable(), fail: fail.nullable(), drop: drop.nullable() };

const notices = z.object({
  /** further copies of each notice, sent at once */
  repeat: z.number().int().min(0).max(100),
  /** a payment is told as "paid" first, and a stale "failed" after it */
  outOfOrder: z.boolean(),
  /** how many of the next notices never leave; null = all */
  lose: z.number().int().min(0).max(10_000).nullable(),
});

const endings = ['length', 'content_filter', 'insufficient_system_resource', 'cut', 'empty', 'stall'] as const;

const limits = z.object({
  on: z.boolean(),
  /** messages at once per chat before 1 a second holds; Telegram's own is about 3 */
  burst: z.number().int().min(1).max(1_000),
  /** over all chats */
  perSecond: z.number().int().min(1).max(10_000),
});

const settings = z.object({
  telegram: z.object({ ...common, limits }),
  pingpong: z.object({ ...common, notices, refunds: z.enum(['succeed', 'stay_pending', 'fail']) }),
  deepseek: z.object({
    ...common,
    /** answers end otherwise than by `stop`; `cut` = no [DONE], `stall` = keep-alive comments only */
    ending: z.object({ kind: z.enum(endings), times, skip }).nullable(),
    writingMs: z.number().int().min(0).max(600_000),
  }),
  yuanfenju: z.object(common),
});
export type FaultSettings = z.infer<typeof settings>;
export type Ending = (typeof endings)[number];

/** What may be sent to change something: any part of it; null switches a fault off. */
export const faultPatch = z
  .object({
    telegram: z.object({ ...common, limits: limits.partial() }).partial(),
    pingpong: z
      .object({ ...common, notices: notices.partial(), refunds: settings.shape.pingpong.shape.refunds })
      .partial(),
    deepseek: settings.shape.deepseek.partial(),
    yuanfenju: z.object(common).partial(),
  })
  .partial();
export type FaultPatch = z.input<typeof faultPatch>;

/** What the switches want of one call. */
export interface CallPlan {
  readonly slowMs: number;
  readonly fail: { readonly status: number; readonly retryAfter: number } | null;
  readonly drop: 'before' | 'after' | null;
}

interface Counted {
  times: number | null;
  skip?: number;
}

/** The switches of the control panel. */
export class FaultBoard {
  private now: FaultSettings;
  private readonly initial: () => FaultSettings;

  constructor(writingMs: number) {
    const off = { slow: null, fail: null, drop: null };
    this.initial = () => ({
      telegram: { ...off, limits: { on: true, burst: 20, perSecond: 30 } },
      pingpong: { ...off, notices: { repeat: 0, outOfOrder: false, lose: 0 }, refunds: 'succeed' },
      deepseek: { ...off, ending: null, writingMs },
      yuanfenju: { ...off },
    });
    this.now = this.initial();
  }

  read(): FaultSettings {
    return structuredClone(this.now);
  }

  /** @throws z.ZodError for values that no switch has */
  set(patch: FaultPatch): FaultSettings {
    const wanted = faultPatch.parse(patch);
    const { telegram, pingpong, deepseek, yuanfenju } = this.now;
    this.now = settings.parse({
      telegram: { ...telegram, ...wanted.telegram, limits: { ...telegram.limits, ...wanted.telegram?.limits } },
      pingpong: { ...pingpong, ...wanted.pingpong, notices: { ...pingpong.notices, ...wanted.pingpong?.notices } },
      deepseek: { ...deepseek, ...wanted.deepseek },
      yuanfenju: { ...yuanfenju, ...wanted.yuanfenju },
    });
    return this.read();
  }

  reset(): void {
    this.now = this.initial();
  }

  /** Decides about one call, and counts it. */
  plan(service: Service, name: string): CallPlan {
    const board = this.now[service];
    // A bot polls all the time: its polls would eat every count, so they are only touched where they are named.
    const touches = (wanted: string) => (wanted ? name.includes(wanted) : name !== 'getUpdates');
    const plan = { slowMs: 0, fail: null as CallPlan['fail'], drop: null as CallPlan['drop'] };
    if (board.slow && touches(board.slow.only)) {
      plan.slowMs = board.slow.ms;
      if (counted(board.slow) === 'used up') board.slow = null;
    }
    if (board.fail && touches(board.fail.only)) {
      const { status, retryAfter } = board.fail;
      const count = counted(board.fail);
      if (count !== 'skipped') plan.fail = { status, retryAfter };
      if (count === 'used up') board.fail = null;
    }
    if (board.drop && !plan.fail && touches(board.drop.only)) {
      const { when } = board.drop;
      const count = counted(board.drop);
      if (count !== 'skipped') plan.drop = when;
      if (count === 'used up') board.drop = null;
    }
    return plan;
  }

  /** How the model's next answer ends. */
  takeEnding(): Ending | null {
    const { ending } = this.now.deepseek;
    if (!ending) return null;
    const count = counted(ending);
    if (count === 'used up') this.now.deepseek.ending = null;
    return count === 'skipped' ? null : ending.kind;
  }

  /** True: this notice gets lost. */
  takeLostNotice(): boolean {
    const { notices: now } = this.now.pingpong;
    if (now.lose === null) return true;
    if (now.lose === 0) return false;
    now.lose -= 1;
    return true;
  }
}

function counted(fault: Counted): 'skipped' | 'counted' | 'used up' {
  if (fault.skip) {
    fault.skip -= 1;
    return 'skipped';
  }
  if (fault.times === null) return 'counted';
  fault.times -= 1;
  return fault.times === 0 ? 'used up' : 'counted';
}
