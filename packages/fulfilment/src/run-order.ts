import { type Db, isConnectionError } from '@mingdan/db';
import { backoffMs, messageOf, pause } from '@mingdan/kernel';
import {
  completeIfDelivered,
  countFailure,
  type FinishedStep,
  type Holding,
  type Order,
  OrderTakenAway,
  putDown,
  type SavedStep,
  savedSteps,
  saveStep,
} from '@mingdan/orders';
import { sealedMessages } from '@mingdan/outbox';
import {
  CannotGive,
  type Fulfiller,
  type FulfilmentDeps,
  type Stage,
  type Step,
  type StepContext,
  type StepOutcome,
} from './contract.ts';
import { failOrder } from './fail.ts';

/** An order whose holders keep dying is not worth another process. */
const MOST_TAKEOVERS = 8;
const SAVE_AGAIN_MS = 500;
/** Tries of a step that throws what nobody foresaw. */
const MOST_SURPRISES = 5;

/**
 * Brings a claimed order forward: runs the steps that are not saved yet, saves each, and ends it one way or the other.
 * Never throws: what goes wrong is written to the order, or left to the lease.
 */
export async function runOrder(
  deps: FulfilmentDeps,
  fulfiller: Fulfiller,
  order: Order,
  owner: string,
  signal: AbortSignal,
): Promise<void> {
  const holding: Holding = { orderId: order.id, orderNo: order.orderNo, owner };
  const log = deps.log.child({ order_no: order.orderNo });
  try {
    const end =
      order.takeovers > MOST_TAKEOVERS
        ? giveUp('poisoned')
        : await runStages(
            { ...(fulfiller.quick ? withoutSlots(deps) : deps), log },
            fulfiller.stages(order),
            order,
            holding,
            signal,
          );
    await act({ ...deps, log }, order, holding, end);
  } catch (error) {
    if (error instanceof OrderTakenAway) log.info('order was taken away');
    else if (signal.aborted) await handBack(deps, holding);
    else {
      log.error({ err: error }, 'order put down after an error');
      await putDown(deps.db, owner, order.id, isConnectionError(error) ? 1 : 10).catch(() => undefined);
    }
  }
}

function withoutSlots({ slots: _, ...deps }: FulfilmentDeps): FulfilmentDeps {
  return deps;
}

const giveUp = (reason: string): StepOutcome => ({ kind: 'give_up', reason });

async function handBack(deps: FulfilmentDeps, holding: Holding): Promise<void> {
  await putDown(deps.db, holding.owner, holding.orderId, 0).catch(() => undefined);
}

async function runStages(
  deps: FulfilmentDeps,
  stages: readonly Stage[],
  order: Order,
  holding: Holding,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const saved = await savedSteps(deps.db, deps.vault, order.id);
  const results = new Map([...saved].filter(([, step]) => step.done).map(([name, step]) => [name, step.result]));
  const shared = { order, holding, results, signal, log: deps.log };
  const [first = [], ...later] = stages;
  const end = await runStage(deps, first, shared, saved);
  if (end || later.length === 0) return end ?? { kind: 'done' };
  const giveBack = await deps.slots?.take(signal);
  try {
    for (const stage of later) {
      const ended = await runStage(deps, stage, shared, saved);
      if (ended) return ended;
    }
    return { kind: 'done' };
  } finally {
    giveBack?.();
  }
}

type Shared = Omit<StepContext, 'failures' | 'countFailure' | 'results'> & { readonly results: Map<string, unknown> };

/** Runs what is not saved yet of a stage. @returns what ends the order's turn, or undefined when the next stage may begin */
async function runStage(
  deps: FulfilmentDeps,
  stage: Stage,
  shared: Shared,
  saved: ReadonlyMap<string, SavedStep>,
): Promise<StepOutcome | undefined> {
  shared.signal.throwIfAborted();
  const open = stage.filter((step) => !shared.results.has(step.name));
  const outcomes = await runSideBySide(deps, open, shared, saved);
  const end =
    outcomes.find((outcome) => outcome.kind === 'give_up') ?? outcomes.find((outcome) => outcome.kind === 'rest');
  if (end) return end;
  shared.signal.throwIfAborted();
  open.forEach((step, index) => {
    const outcome = outcomes[index];
    if (outcome?.kind === 'done') shared.results.set(step.name, outcome.result);
  });
  return undefined;
}

/** Waits for all of them, so that nothing of an order runs on after it was put down. */
async function runSideBySide(
  deps: FulfilmentDeps,
  steps: readonly Step[],
  shared: Omit<StepContext, 'failures' | 'countFailure'>,
  saved: ReadonlyMap<string, SavedStep>,
): Promise<StepOutcome[]> {
  const siblings = new AbortController();
  const context = { ...shared, signal: AbortSignal.any([shared.signal, siblings.signal]) };
  const settled = await Promise.allSettled(
    steps.map(async (step) => {
      const outcome = await runStep(deps, step, context, saved.get(step.name));
      // The order is lost: what its other sections would still cost is not worth paying.
      if (outcome.kind === 'give_up') siblings.abort();
      return outcome;
    }),
  );
  const outcomes = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const broken = settled.find((one) => one.status === 'rejected');
  if (broken && !outcomes.some((outcome) => outcome.kind === 'give_up')) throw broken.reason;
  return outcomes;
}

async function runStep(
  deps: FulfilmentDeps,
  step: Step,
  shared: Omit<StepContext, 'failures' | 'countFailure'>,
  before: SavedStep | undefined,
): Promise<StepOutcome> {
  const { holding, signal } = shared;
  const failures = before?.failures ?? 0;
  const count = (number: number): Promise<void> => countFailure(deps.db, holding, step.name, number);
  const log = deps.log.child({ step: step.name });
  const started = performance.now();
  try {
    const outcome = await step.run({ ...shared, failures, log, countFailure: count });
    if (outcome.kind !== 'done') return outcome;
    const { result, cost = {}, say = [], handOver = false, effect } = outcome;
    const finished = { step: step.name, result, cost, messages: sealedMessages(deps.vault, say), handOver };
    await untilSaved(() => save(deps, holding, finished, effect), signal);
    if (say.length > 0) deps.onEnqueued?.();
    // A buyer without a chat reads it on the order page: nothing has to arrive anywhere.
    const isDelivered = handOver && !say.some(({ delivers }) => delivers);
    if (isDelivered && (await completeIfDelivered(deps.db, holding.orderId)))
      log.info({ status: 'completed' }, 'order moved');
    log.info({ ms: Math.round(performance.now() - started) }, 'step done');
    return outcome;
  } catch (error) {
    if (signal.aborted || error instanceof OrderTakenAway || isConnectionError(error)) throw error;
    if (error instanceof CannotGive) return giveUp(error.reason);
    log.error({ err: error }, 'step threw');
    await count(failures + 1);
    if (failures + 1 >= MOST_SURPRISES) return giveUp('internal_error');
    return { kind: 'rest', seconds: backoffMs(failures, deps.retryBaseMs, 600_000) / 1000, why: messageOf(error) };
  }
}

/** Saved and given together, or neither. */
async function save(
  deps: FulfilmentDeps,
  holding: Holding,
  finished: FinishedStep,
  effect: ((tx: Db) => Promise<void>) | undefined,
): Promise<void> {
  if (!effect) return saveStep(deps.db, deps.vault, holding, finished);
  await deps.db.transaction(async (tx) => {
    await saveStep(tx, deps.vault, holding, finished);
    await effect(tx);
  });
}

/** A section costs money: while the database is away it is kept in hand, and saved when it is back if the order is still ours. */
async function untilSaved(save: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await save();
    } catch (error) {
      if (!isConnectionError(error) || signal.aborted) throw error;
      await pause(SAVE_AGAIN_MS, signal);
    }
  }
}

async function act(deps: FulfilmentDeps, order: Order, holding: Holding, end: StepOutcome): Promise<void> {
  if (end.kind === 'rest') {
    deps.log.warn({ seconds: Math.round(end.seconds), why: end.why }, 'order rests');
    await putDown(deps.db, holding.owner, order.id, end.seconds);
  }
  if (end.kind === 'give_up') {
    await deps.db.transaction((tx) =>
      failOrder(deps, tx, order, { reason: end.reason, owner: holding.owner, by: holding.owner }),
    );
  }
}
