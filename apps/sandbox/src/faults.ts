import { z } from 'zod';
import { type GatewayName, gatewayNames } from './gateways/index.ts';
import { gatewayFaults, noGatewayFaults, noticeFaults } from './gateways/till/faults.ts';
import type { Service } from './services.ts';

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

const endings = ['length', 'content_filter', 'insufficient_system_resource', 'cut', 'empty', 'stall'] as const;

const limits = z.object({
  on: z.boolean(),
  /** messages at once per chat before 1 a second holds; Telegram's own is about 3 */
  burst: z.number().int().min(1).max(1_000),
  /** over all chats */
  perSecond: z.number().int().min(1).max(10_000),
});

/** Every service's own switches, each with those that all have. */
const telegram = z.object({ ...common, limits });
const deepseek = z.object({
  ...common,
  /** answers end otherwise than by `stop`; `cut` = no [DONE], `stall` = keep-alive comments only */
  ending: z.object({ kind: z.enum(endings), times, skip }).nullable(),
  writingMs: z.number().int().min(0).max(600_000),
});
const yuanfenju = z.object(common);
const gateway = z.object({ ...common, ...gatewayFaults.shape });

type GatewaySwitches = z.infer<typeof gateway>;
export type FaultSettings = {
  telegram: z.infer<typeof telegram>;
  deepseek: z.infer<typeof deepseek>;
  yuanfenju: z.infer<typeof yuanfenju>;
} & Record<GatewayName, GatewaySwitches>;
export type Ending = (typeof endings)[number];

const gatewayPatch = gateway.extend({ notices: noticeFaults.partial() }).partial();
const others = {
  telegram: telegram.extend({ limits: limits.partial() }).partial().optional(),
  deepseek: deepseek.partial().optional(),
  yuanfenju: yuanfenju.partial().optional(),
};
const patchOfOthers = z.object(others);
/** What may be sent to change something: any part of it; null switches a fault off. */
export type FaultPatch = z.input<typeof patchOfOthers> & Partial<Record<GatewayName, z.input<typeof gatewayPatch>>>;

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
      deepseek: { ...off, ending: null, writingMs },
      yuanfenju: { ...off },
      ...forEachGateway(() => structuredClone({ ...off, ...noGatewayFaults })),
    });
    this.now = this.initial();
  }

  read(): FaultSettings {
    return structuredClone(this.now);
  }

  /** The switches of one gateway, not copied: counters count down in it. */
  of(name: GatewayName): GatewaySwitches {
    return this.now[name];
  }

  /** @throws z.ZodError for values that no switch has */
  set(patch: FaultPatch): FaultSettings {
    const wanted = patchOfOthers.parse(patch);
    const gateways = forEachGateway((name) => {
      const part = gatewayPatch.parse(patch[name] ?? {});
      const now = this.now[name];
      return gateway.parse({ ...now, ...part, notices: { ...now.notices, ...part.notices } });
    });
    const { telegram: chat, deepseek: model, yuanfenju: charts } = this.now;
    this.now = {
      telegram: telegram.parse({
        ...chat,
        ...wanted.telegram,
        limits: { ...chat.limits, ...wanted.telegram?.limits },
      }),
      deepseek: deepseek.parse({ ...model, ...wanted.deepseek }),
      yuanfenju: yuanfenju.parse({ ...charts, ...wanted.yuanfenju }),
      ...gateways,
    };
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
}

function forEachGateway(make: (name: GatewayName) => GatewaySwitches): Record<GatewayName, GatewaySwitches> {
  const made: Partial<Record<GatewayName, GatewaySwitches>> = {};
  for (const name of gatewayNames) made[name] = make(name);
  return made as Record<GatewayName, GatewaySwitches>;
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
