import { changed, type Db, rows } from '@mingdan/db';
import type { Logger, Vault } from '@mingdan/kernel';
import { chatOf, isUrgent, recordableUpdate } from '../bot-api.ts';

export const UPDATE_PAYLOAD = 'telegram_updates.payload';

export interface RecordDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly log: Logger;
}

/**
 * Writes updates down before Telegram is told that they arrived. The same update again changes nothing.
 * What has no update id cannot be kept apart from its repeats: it is logged and left.
 * @returns how many were new
 */
export async function recordUpdates(deps: RecordDeps, updates: readonly unknown[]): Promise<number> {
  const list = updates.flatMap((update) => {
    const known = recordableUpdate.safeParse(update);
    if (!known.success) deps.log.error('Telegram sent an update that cannot be read');
    return known.success ? [known.data] : [];
  });
  if (list.length === 0) return 0;
  const added = await rows(
    deps.db,
    `insert into telegram_updates (update_id, chat_id, payload, urgent)
     select update_id, chat_id, decode(payload, 'base64'), urgent
       from jsonb_to_recordset(:list::jsonb) as u(update_id bigint, chat_id bigint, payload text, urgent boolean)
     on conflict (update_id) do nothing returning 1`,
    {
      list: JSON.stringify(
        list.map((update) => ({
          update_id: update.update_id,
          chat_id: chatOf(update),
          payload: deps.vault.seal(UPDATE_PAYLOAD, update).toString('base64'),
          urgent: isUrgent(update),
        })),
      ),
    },
  );
  if (added.length > 0) await wakeOthers(deps.db);
  return added.length;
}

export async function recordUpdate(deps: RecordDeps, update: unknown): Promise<boolean> {
  return (await recordUpdates(deps, [update])) === 1;
}

/** Other processes may be free to handle them; a lost wake-up costs one poll. */
async function wakeOthers(db: Db): Promise<void> {
  await changed(db, `select pg_notify('mingdan_work', 'updates')`).catch(() => 0);
}
