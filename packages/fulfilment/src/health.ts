import { changed, type Db, row } from '@mingdan/db';
import { alarm } from './alarm.ts';
import type { FulfilmentDeps } from './contract.ts';

/** How many orders in a row the model must refuse with the same answer before it is no order's fault. */
export const STREAK_LIMIT = 3;

/** While the queue is paused, one order at a time may try, this often. Seconds. */
export const PROBE_SECONDS = 30;

export interface Gate {
  readonly may: boolean;
  /** how long to wait where it may not */
  readonly seconds: number;
  /** a pause or a streak of refusals is on: the next answer ends it */
  readonly troubled: boolean;
}

/** Whether the model may be asked now. During a pause one order wins the probe, the others wait for `seconds`. */
export async function mayAskModel(db: Db, probeSeconds = PROBE_SECONDS): Promise<Gate> {
  const gate = await row<Gate>(
    db,
    `with probe as (
       update fulfilment_health set probe_at = now() + make_interval(secs => :probeSeconds) where paused_at is not null and probe_at <= now() returning 1)
     select paused_at is null or exists (select 1 from probe) as may,
            greatest(1, coalesce(ceil(extract(epoch from probe_at - now())), 1))::integer as seconds,
            paused_at is not null or streak_answer is not null as troubled
       from fulfilment_health`,
    { probeSeconds },
  );
  return gate ?? { may: true, seconds: 0, troubled: false };
}

/** Pauses the queue and tells the operators, once per cause. `cause` names no key. */
export async function pauseFulfilment(
  deps: FulfilmentDeps,
  cause: string,
  hint: string,
  probeSeconds = PROBE_SECONDS,
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const began = await row<{ since: Date }>(
      tx,
      `update fulfilment_health set paused_at = now(), cause = :cause, probe_at = now() + make_interval(secs => :probeSeconds)
        where paused_at is null or cause is distinct from :cause returning paused_at as since`,
      { cause, probeSeconds },
    );
    if (!began) return;
    deps.log.error({ cause, hint }, 'fulfilment is paused');
    await alarm(deps, tx, `paused:${began.since.toISOString()}`, {
      template: 'alarm_fulfilment_paused',
      params: { cause, hint },
    });
  });
}

/** The model answered: a pause is over, a streak of refusals is broken, and waiting orders go on at once. */
export async function modelAnswered(deps: FulfilmentDeps): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const ended = await row<{ since: Date | null }>(
      tx,
      `update fulfilment_health set paused_at = null, cause = null, probe_at = null, streak_answer = null, streak_orders = '{}'
        where paused_at is not null or streak_answer is not null returning (select paused_at from fulfilment_health) as since`,
    );
    if (!ended?.since) return;
    deps.log.info('fulfilment goes on');
    await alarm(deps, tx, `resumed:${ended.since.toISOString()}`, { template: 'alarm_fulfilment_resumed' });
    await changed(
      tx,
      `update orders set due_at = now() where status = 'generating' and delivery = 'none' and lease_owner is null`,
    );
  });
}

/** Counts an order that the model refused. @returns how many different orders in a row had this very answer */
export async function countRefusal(db: Db, orderId: number, answer: string): Promise<number> {
  const streak = await row<{ length: number }>(
    db,
    `update fulfilment_health
        set streak_orders = case when streak_answer is distinct from :answer then array[:orderId::bigint]
                                 when :orderId::bigint = any(streak_orders) then streak_orders
                                 else streak_orders || :orderId::bigint end,
            streak_answer = :answer
     returning cardinality(streak_orders) as length`,
    { orderId, answer },
  );
  return streak?.length ?? 0;
}
