import { changed, type Db, row } from '@mingdan/db';
import { orderMoves } from './states.ts';

export const WEBHOOK_ROLE = 'mingdan_webhook';

/** What `migrate` does after the migrations, in one transaction: the database learns the legal moves and the webhook role its rights. */
export async function prepareDatabase(tx: Db): Promise<void> {
  await copyMoves(tx);
  await prepareWebhookRole(tx);
}

async function copyMoves(tx: Db): Promise<void> {
  await changed(tx, 'lock table order_moves in exclusive mode');
  await changed(tx, 'delete from order_moves');
  await changed(
    tx,
    `insert into order_moves (from_status, to_status, only_unpaid)
     select m."from", m."to", m."onlyUnpaid" from jsonb_to_recordset(:moves::jsonb) as m("from" text, "to" text, "onlyUnpaid" boolean)`,
    { moves: JSON.stringify(orderMoves) },
  );
}

/** The role may call the functions that record a notice, and nothing else. Where we may not make it, an administrator does. */
async function prepareWebhookRole(tx: Db): Promise<void> {
  await changed(
    tx,
    `do $$ begin
       create role ${WEBHOOK_ROLE} nologin;
     exception when duplicate_object or unique_violation or insufficient_privilege then null;
     end $$`,
  );
  const role = await row(tx, 'select 1 from pg_roles where rolname = :role', { role: WEBHOOK_ROLE });
  if (!role) return;
  await changed(tx, `grant execute on function take_notice, record_notice, record_refused_notice to ${WEBHOOK_ROLE}`);
  await changed(
    tx,
    `do $$ begin
       grant ${WEBHOOK_ROLE} to current_user;
     exception when insufficient_privilege then null;
     end $$`,
  );
}
