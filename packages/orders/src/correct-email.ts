import { type Db, row } from '@mingdan/db';
import type { Vault } from '@mingdan/kernel';
import { emailDigest, sealEmail } from './order.ts';

/** So often an address can be corrected (migrations/0014 holds it as well). */
const MOST_CORRECTIONS = 3;

/** Nothing was delivered yet, so that whoever had the wrong address has seen nothing but the order's link. */
const EMAIL_CORRECTABLE = `delivery = 'none' and status in ('pending_payment', 'paid', 'generating')`;

/**
 * Writes a new address in place of a mistyped one. No more unpaid orders are moved to an address than its buyer may have open.
 * @returns false where it may not be corrected (any more), or there are enough open orders by that address
 */
export async function correctEmail(
  tx: Db,
  vault: Vault,
  { orderId, email, maxOpen }: { orderId: number; email: string; maxOpen: number },
): Promise<boolean> {
  const digest = emailDigest(vault, email);
  await row(tx, 'select pg_advisory_xact_lock(7141003, :key::integer)', { key: digest.readInt32BE(0) });
  const corrected = await row(
    tx,
    `update orders o set email = :sealed, email_digest = :digest, email_corrections = email_corrections + 1
      where id = :orderId and email is not null and email_digest is distinct from :digest and ${EMAIL_CORRECTABLE} and email_corrections < ${MOST_CORRECTIONS}
        and (status <> 'pending_payment' or
             (select count(*) from orders p where p.status = 'pending_payment' and p.email_digest = :digest and p.user_id is not distinct from o.user_id
                 and p.client_digest is not distinct from o.client_digest) < :maxOpen)
      returning id`,
    { orderId, sealed: sealEmail(vault, email), digest, maxOpen },
  );
  return corrected !== undefined;
}

/** How many corrections are left; 0 where it cannot be corrected (any more). */
export async function correctionsLeft(db: Db, orderId: number): Promise<number> {
  const found = await row<{ made: number }>(
    db,
    `select email_corrections as made from orders where id = :orderId and email is not null and ${EMAIL_CORRECTABLE}`,
    { orderId },
  );
  return found === undefined ? 0 : MOST_CORRECTIONS - found.made;
}
