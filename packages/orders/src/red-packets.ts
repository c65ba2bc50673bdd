import { changed, type Db, row, rows } from '@mingdan/db';
import type { Money, Vault } from '@mingdan/kernel';

export type RedPacketState = 'waiting' | 'accepted' | 'rejected';

/** A code that a buyer entered, without the code itself. */
export interface RedPacket {
  readonly id: number;
  readonly orderId: number;
  readonly orderNo: string;
  readonly gatewayOrderId: string;
  readonly state: RedPacketState;
  /** what the order was to be paid with */
  readonly asked: Money;
  /** what was in it; null until it is accepted */
  readonly received: Money | null;
  readonly claimedBy: string | null;
  readonly claimedAt: Date | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly reason: string | null;
  readonly createdAt: Date;
}

const RED_PACKET = `c.id, c.order_id as "orderId", o.order_no as "orderNo", a.gateway_order_id as "gatewayOrderId", c.state,
  jsonb_build_object('minor', a.amount_minor, 'currency', a.currency) as asked,
  case when c.amount_minor is not null then jsonb_build_object('minor', c.amount_minor, 'currency', c.currency) end as received,
  c.claimed_by as "claimedBy", c.claimed_at as "claimedAt", c.decided_by as "decidedBy", c.decided_at as "decidedAt", c.reason,
  c.created_at as "createdAt"`;
const FROM = 'redpacket_codes c join orders o on o.id = c.order_id join payment_attempts a on a.id = c.attempt_id';

const CODE = 'redpacket_codes.code';
/** After this another operator may take a code over. */
export const CLAIM_MINUTES = 30;
/** Whoever does not get it right in so many tries writes to support. */
const MOST_CODES = 10;

export async function findRedPacket(db: Db, id: number): Promise<RedPacket | undefined> {
  return row<RedPacket>(db, `select ${RED_PACKET} from ${FROM} where c.id = :id`, { id });
}

/** Those that nobody decided about, oldest first; with `all` everything, newest first. */
export async function listRedPackets(db: Db, all: boolean, limit: number): Promise<RedPacket[]> {
  return rows<RedPacket>(
    db,
    `select ${RED_PACKET} from ${FROM} where :all or c.state = 'waiting' order by case when :all then -c.id else c.id end limit :limit`,
    { all, limit },
  );
}

export interface RedPacketEvent {
  readonly what: 'entered' | 'replaced' | 'claimed' | 'accepted' | 'rejected';
  /** `buyer`, or the operator */
  readonly actor: string;
  /** what was in it, of an accepted one */
  readonly received: Money | null;
  readonly reason: string | null;
  readonly at: Date;
}

/** Who did what with a code, and when, in that order; written by the database at each change (migrations/0007, 0014). */
export async function redPacketEvents(db: Db, id: number): Promise<RedPacketEvent[]> {
  return rows<RedPacketEvent>(
    db,
    `select e.what, e.actor, e.reason, e.created_at as at,
            case when e.amount_minor is not null then jsonb_build_object('minor', e.amount_minor, 'currency', c.currency) end as received
       from redpacket_events e join redpacket_codes c on c.id = e.code_id where e.code_id = :id order by e.id`,
    { id },
  );
}

/** What counts of the codes of an order: the one that waits, else the one that was taken, else the last. */
export async function redPacketOfOrder(db: Db, orderId: number): Promise<RedPacket | undefined> {
  return row<RedPacket>(db, `select ${RED_PACKET} from ${FROM} where c.order_id = :orderId ${WEIGHTY_FIRST}`, {
    orderId,
  });
}

const WEIGHTY_FIRST = `order by (c.state = 'waiting') desc, (c.state = 'accepted') desc, c.id desc limit 1`;

export interface RedPacketStanding {
  readonly state: 'none' | RedPacketState;
  readonly paymentId: string | null;
  readonly amount: Money | null;
  readonly decidedAt: Date | null;
}

/** Where a payment by red packet stands. */
export async function redPacketStanding(db: Db, gatewayOrderId: string): Promise<RedPacketStanding> {
  const found = await row<RedPacket>(
    db,
    `select ${RED_PACKET} from ${FROM} where a.provider = 'redpacket' and a.gateway_order_id = :gatewayOrderId ${WEIGHTY_FIRST}`,
    { gatewayOrderId },
  );
  if (!found) return { state: 'none', paymentId: null, amount: null, decidedAt: null };
  const paymentId = found.state === 'accepted' ? redPacketPaymentId(found.id) : null;
  return { state: found.state, paymentId, amount: found.received, decidedAt: found.decidedAt };
}

export function redPacketPaymentId(id: number): string {
  return `redpacket:${id}`;
}

export interface EnteredRedPacket {
  /**
   * `replaced`: in place of one that nobody had seen; `full`: too many codes were tried; `used`: the code is for another order; `over`: the
   * order takes no code (any more)
   */
  readonly outcome: 'new' | 'same' | 'replaced' | 'other_waiting' | 'paid' | 'full' | 'used' | 'over';
  readonly packet: RedPacket | null;
}

/**
 * Writes a code down, sealed, and keeps its order from expiring. To be called in a transaction: the order's row is locked, so that
 * two codes at once are one after the other. The same code again is the same row, and another one corrects it while nobody has claimed it.
 */
export async function enterRedPacket(
  tx: Db,
  vault: Vault,
  entered: { orderId: number; code: string },
): Promise<EnteredRedPacket> {
  const { orderId, code } = entered;
  const order = await row<{ payable: boolean; paid: boolean }>(
    tx,
    `select status = 'pending_payment' and expires_at > now() as payable, paid_at is not null as paid from orders where id = :orderId for update`,
    { orderId },
  );
  const earlier = await rows<{ id: number; state: RedPacketState; code: Buffer | null }>(
    tx,
    'select id, state, code from redpacket_codes where order_id = :orderId order by id desc',
    { orderId },
  );
  const found = async (outcome: EnteredRedPacket['outcome'], id: number | undefined): Promise<EnteredRedPacket> => ({
    outcome,
    packet: (id === undefined ? undefined : await findRedPacket(tx, id)) ?? null,
  });
  const same = earlier.find((one) => one.code !== null && vault.open(CODE, one.code) === code);
  if (same) return found('same', same.id);
  const waiting = earlier.find(({ state }) => state === 'waiting');
  if (waiting) {
    const digest = vault.fingerprint(CODE, code);
    if (await isUsed(tx, digest)) return found('used', undefined);
    const replaced = await replaceCode(tx, waiting.id, { sealed: vault.seal(CODE, code), digest });
    return found(replaced ? 'replaced' : 'other_waiting', waiting.id);
  }
  const accepted = earlier.find(({ state }) => state === 'accepted');
  if (accepted && order?.paid) return found('paid', accepted.id);
  if (!order?.payable) return found('over', undefined);
  if (earlier.length >= MOST_CODES) return found('full', undefined);
  const digest = vault.fingerprint(CODE, code);
  if (await isUsed(tx, digest)) return found('used', undefined);
  const id = await insertCode(tx, orderId, { sealed: vault.seal(CODE, code), digest });
  return found(id === undefined && (await isUsed(tx, digest)) ? 'used' : 'new', id);
}

/** True where it is for another order. Who asks is the only one to write it down, until their transaction ends. */
async function isUsed(tx: Db, digest: Buffer): Promise<boolean> {
  await row(tx, 'select pg_advisory_xact_lock(7141007, :key::integer)', { key: digest.readInt32BE(0) });
  const one = await row(
    tx,
    `select 1 from redpacket_codes where code_digest = :digest and state in ('waiting', 'accepted') limit 1`,
    { digest },
  );
  return one !== undefined;
}

/** Mistyped codes are corrected, as long as no operator has seen them, and not without end. */
async function replaceCode(tx: Db, id: number, code: { sealed: Buffer; digest: Buffer }): Promise<boolean> {
  const replaced = await changed(
    tx,
    `update redpacket_codes set code = :sealed, code_digest = :digest
      where id = :id and state = 'waiting' and claimed_by is null
        and (select count(*) from redpacket_events where code_id = :id and what = 'replaced') < ${MOST_CODES}`,
    { id, ...code },
  );
  return replaced > 0;
}

/** Undefined where the order has no such payment, or another order got in first with this code. */
async function insertCode(
  tx: Db,
  orderId: number,
  code: { sealed: Buffer; digest: Buffer },
): Promise<number | undefined> {
  const written = await row<{ id: number }>(
    tx,
    `insert into redpacket_codes (order_id, attempt_id, code, code_digest)
     select order_id, id, :sealed, :digest from payment_attempts where order_id = :orderId and provider = 'redpacket' and status = 'open'
     on conflict do nothing returning id`,
    { orderId, ...code },
  );
  if (!written) return undefined;
  // The buyer is answered at once, so the message of gateways that see money has been said.
  await changed(tx, 'update orders set payment_seen_at = now(), payment_seen_told_at = now() where id = :orderId', {
    orderId,
  });
  return written.id;
}

/** Takes a code for one operator, for CLAIM_MINUTES; again by the same one it is theirs anew. @returns the code, or who has it */
export async function claimRedPacket(
  db: Db,
  vault: Vault,
  claim: { id: number; operator: string },
): Promise<{ code: string } | { refused: 'taken' | 'decided' | 'not_found' }> {
  const mine = await row<{ code: Buffer }>(
    db,
    `update redpacket_codes set claimed_by = :operator, claimed_at = now()
      where id = :id and state = 'waiting'
        and (claimed_by is null or claimed_by = :operator or claimed_at <= now() - make_interval(mins => ${CLAIM_MINUTES}))
     returning code`,
    claim,
  );
  if (mine) return { code: String(vault.open(CODE, mine.code)) };
  const packet = await findRedPacket(db, claim.id);
  if (!packet) return { refused: 'not_found' };
  return { refused: packet.state === 'waiting' ? 'taken' : 'decided' };
}

export type RedPacketDecision =
  | { readonly id: number; readonly operator: string; readonly amount: Money }
  | { readonly id: number; readonly operator: string; readonly reason: string };

/**
 * Writes a decision down, once, by the operator who has the code; nobody else took it over, so the half hour does not count here. To be
 * called in a transaction, before what follows from the decision. Locks the order before the code, as everything does.
 * @returns undefined where it is not this operator's to decide (any more)
 */
export async function decideRedPacket(tx: Db, decision: RedPacketDecision): Promise<RedPacket | undefined> {
  const { id, operator } = decision;
  const amount = 'amount' in decision ? decision.amount : null;
  const reason = 'reason' in decision ? decision.reason : null;
  await row(tx, 'select 1 from orders where id = (select order_id from redpacket_codes where id = :id) for update', {
    id,
  });
  const decided = await changed(
    tx,
    `update redpacket_codes set state = :state, decided_by = :operator, decided_at = now(), amount_minor = :minor::bigint, currency = :currency, reason = :reason
      where id = :id and state = 'waiting' and claimed_by = :operator`,
    {
      id,
      operator,
      state: amount === null ? 'rejected' : 'accepted',
      minor: amount?.minor ?? null,
      currency: amount?.currency ?? null,
      reason,
    },
  );
  return decided === 0 ? undefined : findRedPacket(tx, id);
}

/**
 * Nothing is on its way any more: the order may expire again. @param minutes that the buyer has at least left, however long the
 * operators looked at the code
 */
export async function redPacketOver(tx: Db, orderId: number, minutes: number): Promise<void> {
  await changed(
    tx,
    `update orders set payment_seen_at = null, payment_seen_told_at = null, expires_at = greatest(expires_at, now() + make_interval(mins => :minutes))
      where id = :orderId and status = 'pending_payment'`,
    { orderId, minutes },
  );
}

/** Codes are dropped 30 days after their decision, and at once after it where the buyer asked to be forgotten. */
export async function forgetRedPackets(db: Db): Promise<void> {
  await changed(
    db,
    `update redpacket_codes c set code = null
      where c.code is not null and c.decided_at is not null
        and (c.decided_at < now() - interval '30 days'
             or exists (select 1 from orders o join users u on u.id = o.user_id where o.id = c.order_id and o.created_at < u.forgotten_at))`,
  );
}
