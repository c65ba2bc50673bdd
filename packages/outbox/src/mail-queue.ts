import { changed, type Db, row, rows } from '@mingdan/db';
import type { Vault } from '@mingdan/kernel';
import { MAIL_TO, PAYLOAD } from './enqueue.ts';
import type { Message } from './message.ts';

export interface DueMail {
  readonly id: number;
  readonly dedupeKey: string;
  readonly language: string | null;
  readonly orderId: number | null;
  readonly orderNo: string | null;
  /** slug of what was ordered, where the shop sells it */
  readonly product: string | null;
  readonly attempts: number;
  /** nobody has taken it for so long that it is not worth another try */
  readonly tooOld: boolean;
  readonly payload: Buffer;
  readonly mailTo: Buffer;
}

/** The mails whose turn has come, oldest first. @param except those that are being sent @param maxHours after which a mail is too old */
export async function dueMails(
  db: Db,
  limit: number,
  { except, maxHours }: { except: readonly number[]; maxHours: number },
): Promise<DueMail[]> {
  return rows<DueMail>(
    db,
    `select m.id, m.dedupe_key as "dedupeKey", m.language, m.order_id as "orderId", o.order_no as "orderNo",
            case when o.kind in ('report', 'goods') then o.product_slug end as product, m.attempts, m.payload, m.mail_to as "mailTo",
            m.created_at < now() - make_interval(secs => 3600 * :maxHours::float8) as "tooOld"
       from outbox m left join orders o on o.id = m.order_id
      where m.status = 'pending' and m.mail_to is not null and m.due_at <= now() and m.id <> all(:except)
      order by m.due_at, m.id limit :limit`,
    { limit, maxHours, except: [...except] },
  );
}

/** @throws where its data key is not here */
export function openMail(vault: Vault, mail: DueMail): { to: string; message: Message } {
  return { to: String(vault.open(MAIL_TO, mail.mailTo)), message: vault.open(PAYLOAD, mail.payload) as Message };
}

/** The address goes with the text: what was said to whom is nobody's business afterwards. */
export async function markMailed(db: Db, id: number): Promise<void> {
  await changed(
    db,
    `update outbox set status = 'sent', sent_at = now(), payload = null, mail_to = null, last_error = null where id = :id and status = 'pending'`,
    { id },
  );
}

/** What waits to be sent about an order goes to a corrected address. @returns the dedupe keys of those mails */
export async function readdressMails(tx: Db, vault: Vault, orderId: number, mailTo: string): Promise<string[]> {
  const moved = await rows<{ key: string }>(
    tx,
    `update outbox set mail_to = :sealed where order_id = :orderId and status = 'pending' and mail_to is not null returning dedupe_key as key`,
    { orderId, sealed: vault.seal(MAIL_TO, mailTo) },
  );
  return moved.map(({ key }) => key);
}

/** It will never arrive. @returns false where somebody else ended it before */
export async function dropMail(db: Db, id: number, why: string): Promise<boolean> {
  const dropped = await row(
    db,
    `update outbox set status = 'dropped', payload = null, mail_to = null, last_error = left(:why, 300) where id = :id and status = 'pending' returning id`,
    { id, why },
  );
  return dropped !== undefined;
}
