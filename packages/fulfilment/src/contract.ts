import type { Db } from '@mingdan/db';
import { type Clock, type Logger, MingdanError, type OrderKind, type Vault } from '@mingdan/kernel';
import type { Holding, Order, StepCost } from '@mingdan/orders';
import type { Outgoing } from '@mingdan/outbox';
import type { Slots } from './slots.ts';

/** What every step may use, whatever the product kind. */
export interface FulfilmentDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  /** operators' chat for alarms; null = nobody hears them */
  readonly operatorChatId: number | null;
  readonly retryBaseMs: number;
  /** how many orders this process works on at once beyond their first stage; unbounded when left out */
  readonly slots?: Slots;
  /** something was put into the outbox and committed: the sender may look at once */
  readonly onEnqueued?: () => void;
}

export interface StepContext {
  readonly order: Order;
  readonly holding: Holding;
  /** results of the steps that are done, by name */
  readonly results: ReadonlyMap<string, unknown>;
  /** how often this step failed before */
  readonly failures: number;
  /** aborts when the order was taken away or the process stops */
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** writes a failure down, so that a restart goes on with what is left of the budget */
  countFailure(failures: number): Promise<void>;
}

/** A step says what came of it as a value; throwing is for the unexpected. */
export type StepOutcome =
  /** saved under the step's name, together with what it says; `handOver`: its report lies in the outbox, the sender has the order now */
  | {
      readonly kind: 'done';
      readonly result?: unknown;
      readonly cost?: StepCost;
      readonly say?: readonly Outgoing[];
      readonly handOver?: boolean;
      /**
       * What is given (coins, a membership, codes), in the transaction that saves the step: only while the order is still this worker's,
       * so that nothing is given whose money is going back. It may throw `CannotGive`, and then nothing was saved.
       */
      readonly effect?: (tx: Db) => Promise<void>;
    }
  /** no fault of the order's: leave it and come back */
  | { readonly kind: 'rest'; readonly seconds: number; readonly why: string }
  /** the order fails for this reason (a key under `reasons.` in the locale files) and its money goes back */
  | { readonly kind: 'give_up'; readonly reason: string };

/** There is nothing to give (any more): the order fails for `reason`, a key under `reasons.`, and its money goes back. */
export class CannotGive extends MingdanError {
  readonly reason: string;

  constructor(reason: string) {
    super('cannot_give', `what was paid for cannot be given: ${reason}`, {
      hint: 'The order fails and is refunded by itself',
    });
    this.reason = reason;
  }
}

export interface Step {
  readonly name: string;
  run(context: StepContext): Promise<StepOutcome>;
}

/**
 * Steps of one stage run side by side; a stage begins when the one before it is done. The first stage begins at once, so that a buyer
 * hears soon that the money is here; the later ones wait for one of the process's slots (WORKER_CONCURRENCY).
 */
export type Stage = readonly Step[];

/** Who fulfils an order: its product kind, unless it was bought for somebody else. */
export const fulfillerKey = ({ kind, gift }: Pick<Order, 'kind' | 'gift'>): FulfillerKey => (gift ? 'gift' : kind);
export type FulfillerKey = OrderKind | 'gift';

/** One product kind. The worker runs its stages and knows nothing else of it. */
export interface Fulfiller {
  readonly kind: FulfillerKey;
  /** its steps wait for no slow service of ours: they need no slot, and no queue of reports holds them up */
  readonly quick?: boolean;
  stages(order: Order): readonly Stage[];
}
