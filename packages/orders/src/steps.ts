import { changed, type Db, row, rows } from '@mingdan/db';
import { MingdanError, type Vault } from '@mingdan/kernel';

/** The order was taken from this worker: whatever it still wanted to write is void. */
export class OrderTakenAway extends MingdanError {
  constructor(orderNo: string) {
    super('order_taken_away', `order ${orderNo} is not held any more`, {
      hint: 'Nothing to do: another worker or a refund has it',
    });
  }
}

/** An order in the hands of a worker. */
export interface Holding {
  readonly orderId: number;
  readonly orderNo: string;
  /** under this name it holds the lease */
  readonly owner: string;
}

/** Tokens and money that one saved step took. */
export interface StepCost {
  readonly promptTokens?: number;
  readonly cachedTokens?: number;
  readonly completionTokens?: number;
  /** millionths of a CNY */
  readonly costMicros?: number;
  readonly durationMs?: number;
}

export interface SavedStep {
  readonly done: boolean;
  readonly failures: number;
  readonly result: unknown;
}

const purpose = 'order_steps.result';

/** What is saved of an order so far, by step. */
export async function savedSteps(db: Db, vault: Vault, orderId: number): Promise<Map<string, SavedStep>> {
  const found = await rows<{ step: string; failures: number; result: Buffer | null; finished: boolean }>(
    db,
    'select step, failures, result, finished_at is not null as finished from order_steps where order_id = :orderId',
    { orderId },
  );
  return new Map(
    found.map((saved) => [
      saved.step,
      {
        done: saved.finished,
        failures: saved.failures,
        result: saved.result ? vault.open(purpose, saved.result) : undefined,
      },
    ]),
  );
}

/** What is written when a step is done, all of it or nothing. */
export interface FinishedStep {
  readonly step: string;
  readonly result?: unknown;
  readonly cost?: StepCost;
  /** messages that belong to it (`sealedMessages` of the outbox package) */
  readonly messages?: string;
  /** the report lies in the outbox now: from here on the sender has the order, and completes it with the last part */
  readonly handOver?: boolean;
}

/**
 * Saves what a step produced, in one statement, if this worker still holds the order and nobody saved it before.
 * @throws OrderTakenAway
 */
export async function saveStep(db: Db, vault: Vault, holding: Holding, finished: FinishedStep): Promise<void> {
  const { step, result, cost = {}, messages = '[]', handOver = false } = finished;
  const written = await row<{ saved: number }>(
    db,
    `with held as (select id from orders where id = :orderId and lease_owner = :owner and status = 'generating' and delivery = 'none' for no key update),
     saved as (
       insert into order_steps (order_id, step, result, prompt_tokens, cached_tokens, completion_tokens, cost_micros, duration_ms, finished_at)
       select id, :step, :result, :promptTokens::integer, :cachedTokens::integer, :completionTokens::integer, :costMicros::bigint, :durationMs::integer, now()
         from held
       on conflict (order_id, step) do update
         set result = excluded.result, prompt_tokens = excluded.prompt_tokens, cached_tokens = excluded.cached_tokens,
             completion_tokens = excluded.completion_tokens, cost_micros = excluded.cost_micros, duration_ms = excluded.duration_ms, finished_at = now()
         where order_steps.finished_at is null
       returning order_id),
     handed as (
       update orders set delivery = 'sending', delivery_started_at = now(), lease_owner = null from saved where id = saved.order_id and :handOver::boolean),
     said as (select enqueue_messages(:messages::jsonb) from saved)
     select (select count(*) from saved) as saved, (select count(*) from said) as said`,
    {
      ...holding,
      step,
      result: result === undefined ? null : vault.seal(purpose, result),
      promptTokens: cost.promptTokens ?? null,
      cachedTokens: cost.cachedTokens ?? null,
      completionTokens: cost.completionTokens ?? null,
      costMicros: cost.costMicros ?? null,
      durationMs: cost.durationMs === undefined ? null : Math.round(cost.durationMs),
      messages,
      handOver,
    },
  );
  if (written?.saved !== 1) throw new OrderTakenAway(holding.orderNo);
}

/** Counts one failure of a step, so that a restart goes on with the budget that is left. @throws OrderTakenAway */
export async function countFailure(db: Db, holding: Holding, step: string, failures: number): Promise<void> {
  const counted = await changed(
    db,
    `insert into order_steps (order_id, step, failures)
     select id, :step, :failures from orders where id = :orderId and lease_owner = :owner and status = 'generating' for key share
     on conflict (order_id, step) do update set failures = greatest(order_steps.failures, excluded.failures)`,
    { orderId: holding.orderId, owner: holding.owner, step, failures },
  );
  if (counted === 0) throw new OrderTakenAway(holding.orderNo);
}
