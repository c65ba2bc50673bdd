import { type Db, row, rows } from '@mingdan/db';
import { amountText } from '@mingdan/fulfilment';
import { type Localised, type Money, moneyText } from '@mingdan/kernel';
import type { OperationDeps } from '@mingdan/operations';
import { type OperatorNoticeKind, type OperatorSettings, readOperatorSettings } from '@mingdan/orders';
import { enqueue, type OperatorNotice, type Outgoing } from '@mingdan/outbox';
import { providerNames } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';

const BATCH = 60;
/** Notices in one message: Telegram takes 4,096 characters. */
const TOGETHER = 6;
/** Operators' chats take some twenty messages a minute, and alarms stand behind what waits: the rest is told when these are sent, gathered. */
const MOST_WAITING = 15;

interface Told {
  readonly kind: OperatorNoticeKind;
  readonly notice: OperatorNotice;
  readonly orderId: number;
  /** of this very event */
  readonly key: string;
  /** the alarm that said less of the same */
  readonly replaces?: string | undefined;
}

/** Tells operators what became of orders and refunds, as far as they want to hear it: each change once, in the transaction that marks it. */
export async function tellOperatorsOfOrders(deps: OperationDeps): Promise<void> {
  while (await deps.db.transaction((tx) => tellSome(deps, tx)));
}

async function tellSome(deps: OperationDeps, tx: Db): Promise<boolean> {
  const { operatorChatId: chatId } = deps.settings;
  if (chatId !== null && (await waiting(tx, chatId)) >= MOST_WAITING) return false;
  const ids = await marked(tx, 'order_events', 'told_at');
  const refunds = await marked(tx, 'refund_records', 'announced_at');
  if (chatId !== null) {
    const settings = await readOperatorSettings(tx);
    const told = [...(await eventNotices(tx, ids)), ...(await refundNotices(tx, refunds))];
    const wanted = told.filter(({ kind }) => settings.kinds.includes(kind));
    await enqueue(tx, deps.vault, gathered(chatId, wanted, settings));
  }
  return ids.length === BATCH || refunds.length === BATCH;
}

async function waiting(tx: Db, chatId: number): Promise<number> {
  const found = await row<{ count: number }>(
    tx,
    `select count(*) as count from outbox where chat_id = :chatId and status = 'pending' and dedupe_key like 'notice:%'`,
    { chatId },
  );
  return found?.count ?? 0;
}

async function marked(tx: Db, table: 'order_events' | 'refund_records', mark: string): Promise<number[]> {
  const found = await rows<{ id: number }>(
    tx,
    `update ${table} set ${mark} = now()
      where id in (select id from ${table} where ${mark} is null order by id limit ${BATCH} for update skip locked) returning id`,
  );
  return found.map(({ id }) => id);
}

interface OrderFacts {
  readonly orderId: number;
  readonly orderNo: string;
  readonly product: Localised;
  readonly quantity: number;
  readonly amount: Money;
  readonly paidWith: Money | null;
  readonly provider: string | null;
  readonly paymentId: string | null;
  readonly buyer: number | null;
}

const FACTS = `o.id as "orderId", o.order_no as "orderNo", o.product_names as product, o.quantity, jsonb_build_object('minor', o.amount_minor, 'currency', o.currency) as amount,
  jsonb_build_object('minor', t.amount_minor, 'currency', t.currency) as paid, t.id as "transactionId", coalesce(t.provider, o.provider) as provider,
  coalesce(t.provider_payment_id, (select a.provider_payment_id from payment_attempts a where a.order_id = o.id and a.provider = o.provider order by a.id desc limit 1)) as "paymentId",
  (select telegram_id from users where users.id = o.user_id) as buyer`;
const PAYMENT = `left join lateral (select * from payment_transactions where order_id = o.id order by id limit 1) t on true`;

type FactRow = Omit<OrderFacts, 'paidWith'> & { readonly paid: Money; readonly transactionId: number | null };

function factsOf({ paid, transactionId, ...facts }: FactRow): OrderFacts {
  return { ...facts, paidWith: transactionId === null ? null : paid };
}

async function eventNotices(tx: Db, ids: readonly number[]): Promise<Told[]> {
  if (ids.length === 0) return [];
  const events = await rows<
    FactRow & { id: number; from: string | null; status: string; reason: string | null; alarmed: boolean }
  >(
    tx,
    `select e.id, e.from_status as "from", e.status, e.reason, ${FACTS},
            e.status = 'failed' and exists (select 1 from outbox where dedupe_key = 'alarm:failed:' || o.order_no) as alarmed
       from order_events e join orders o on o.id = e.order_id ${PAYMENT} where e.id = any(:ids) order by e.id`,
    { ids: [...ids] },
  );
  return events.flatMap(({ id, from, status, reason, alarmed, ...found }): Told[] => {
    const facts = factsOf(found);
    const kind = kindOf(from, status);
    if (kind === undefined) return [];
    return [
      {
        kind,
        notice: noticeOf(facts, aboutOf(kind, from, reason), { reason: reason ?? undefined }),
        orderId: facts.orderId,
        key: `event:${id}`,
        replaces: alarmed ? `alarm:failed:${facts.orderNo}` : undefined,
      },
    ];
  });
}

const STATES = ['paid', 'generating', 'completed', 'failed', 'expired'] as const;

function kindOf(from: string | null, status: string): OperatorNoticeKind | undefined {
  return from === null ? 'new' : STATES.find((state) => state === status);
}

function aboutOf(kind: OperatorNoticeKind, from: string | null, reason: string | null): string {
  if (kind === 'failed' && from === 'pending_payment') return 'payment_failed';
  return kind === 'expired' && reason === 'cancelled' ? 'cancelled' : kind;
}

async function refundNotices(tx: Db, ids: readonly number[]): Promise<Told[]> {
  if (ids.length === 0) return [];
  const found = await rows<FactRow & { refundId: string; refund: Money; reason: string }>(
    tx,
    `select ${FACTS}, r.refund_id as "refundId", jsonb_build_object('minor', r.amount_minor, 'currency', r.currency) as refund, r.reason
       from refund_records r join orders o on o.id = r.order_id ${PAYMENT} where r.id = any(:ids) order by r.id`,
    { ids: [...ids] },
  );
  return found.map(({ refundId, refund, reason, ...each }) =>
    refundTold(factsOf(each), 'refund_requested', { refundId, refund, reason }),
  );
}

function refundTold(
  facts: OrderFacts,
  about: 'refund_requested' | 'refund_succeeded',
  { refundId, refund, reason }: { refundId: string; refund: Money; reason: string },
): Told {
  const notice = { ...noticeOf(facts, about, { reason, refundId }), amount: moneyText(refund) };
  return { kind: 'refund', notice, orderId: facts.orderId, key: `${about}:${refundId}` };
}

function noticeOf(facts: OrderFacts, about: string, more: Pick<OperatorNotice, 'reason' | 'refundId'>): OperatorNotice {
  const { orderNo, product, quantity, provider, paymentId, buyer } = facts;
  const known = providerNames.find((name) => name === provider);
  return {
    about,
    orderNo,
    product,
    quantity,
    amount: amountText(facts),
    provider: (known && providerCapabilities.get(known)?.names) ?? provider ?? undefined,
    ...(paymentId === null ? {} : provider === 'oxapay' ? { trackId: paymentId } : { paymentId }),
    ...(buyer === null ? {} : { buyer }),
    ...more,
  };
}

/** What is read in the same place goes into one message; what an alarm said already becomes a fuller wording of it. */
function gathered(chatId: number, told: readonly Told[], { topics }: OperatorSettings): Outgoing[] {
  const messages: Outgoing[] = [];
  const open = new Map<number | 'chat', Told[]>();
  const close = (place: number | 'chat'): void => {
    const [first, ...others] = open.get(place) ?? [];
    if (first) messages.push(messageOf(chatId, first, others));
    open.delete(place);
  };
  for (const each of told) {
    if (each.replaces !== undefined) {
      messages.push({ ...messageOf(chatId, each, []), edits: each.replaces });
      continue;
    }
    const place = topics[each.kind] ?? 'chat';
    const gathering = [...(open.get(place) ?? []), each];
    open.set(place, gathering);
    if (gathering.length === TOGETHER) close(place);
  }
  for (const place of [...open.keys()]) close(place);
  return messages;
}

function messageOf(chatId: number, first: Told, others: readonly Told[]): Outgoing {
  return {
    chatId,
    ...(others.length === 0 ? { orderId: first.orderId } : {}),
    dedupeKey: `notice:${first.key}`,
    message: {
      template: 'operator_notice',
      kind: first.kind,
      notices: [first, ...others].map(({ notice }) => notice),
    },
  };
}

/** A refund that the gateway confirmed; in the transaction that tells its buyer. */
export async function tellOperatorsOfRefund(
  deps: OperationDeps,
  tx: Db,
  done: { orderId: number; refundId: string; refund: Money; reason: string },
): Promise<void> {
  const { operatorChatId: chatId } = deps.settings;
  if (chatId === null) return;
  const settings = await readOperatorSettings(tx);
  if (!settings.kinds.includes('refund')) return;
  const found = await row<FactRow>(tx, `select ${FACTS} from orders o ${PAYMENT} where o.id = :orderId`, {
    orderId: done.orderId,
  });
  if (found)
    await enqueue(tx, deps.vault, gathered(chatId, [refundTold(factsOf(found), 'refund_succeeded', done)], settings));
}
