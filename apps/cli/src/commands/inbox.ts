import { type Db, row, rows } from '@mingdan/db';
import { MingdanError, type Money, moneyText } from '@mingdan/kernel';
import { type OperationDeps, openWords, type Resolution, resolveInboxItem } from '@mingdan/operations';
import { answersTo, findHeldPayment, type HeldPayment } from '@mingdan/orders';
import { type Command, Option } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import { idArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withDatabase, withOperations } from '../deps.ts';
import { fields, moneyCode, timeText, word } from '../print.ts';
import type { Texts } from '../texts.ts';

interface InboxItem {
  id: number;
  kind: string;
  orderNo: string | null;
  /** what the order asks for */
  orderAmount: Money | null;
  details: Record<string, unknown>;
  status: 'open' | 'resolved';
  resolution: string | null;
  createdAt: Date;
  resolvedAt: Date | null;
}

const ITEM = `select i.id, i.kind, o.order_no as "orderNo", i.details,
  case when o.id is not null then jsonb_build_object('minor', o.amount_minor, 'currency', o.currency) end as "orderAmount", i.status, i.resolution, i.created_at as "createdAt",
  i.resolved_at as "resolvedAt" from inbox_items i left join orders o on o.id = i.order_id`;

export function registerInbox(program: Command, context: Context): void {
  const inbox = group(
    program,
    'inbox',
    'What needs a person: money that fits no order, refused refunds, wishes beyond the rules.',
  );
  answering(inbox, context, 'list', 'What is open, oldest first.', (_, options) =>
    withDatabase(context, async (db) => list(context, await readItems(db, options.all === true))),
  ).option('--all', 'what is resolved, too');
  answering(inbox, context, 'show <id>', 'One matter in full.', ([id = '']) => show(context, idArgument(id)));
  answering(inbox, context, 'resolve <id>', 'Close a matter, with a note on how it ended.', ([id = ''], options) =>
    resolve(context, {
      id: idArgument(id),
      note: String(options.note ?? ''),
      refund: options.refund === true,
      paidByHand: options.paidByHand === true,
      ...(options.deliver === true ? { held: 'deliver' as const } : {}),
      ...(options.wait === true ? { held: 'wait' as const } : {}),
      ...(options.reply === undefined ? {} : { reply: String(options.reply) }),
    }),
  )
    .option('--note <text>', 'how it ended, for the record')
    .option('--reply <text>', 'said to the buyer in their chat')
    .addOption(decision('--refund', 'give the money back through its gateway'))
    .addOption(decision('--deliver', 'held money: take it as the payment of its order, and deliver'))
    .addOption(decision('--wait', 'held money: give the buyer 72 hours more to pay the rest'))
    .addOption(decision('--paid-by-hand', 'the money was given back by hand: book the refund as done'));
}

const DECISIONS = ['refund', 'deliver', 'wait', 'paidByHand'];

/** One matter has one end. */
function decision(flag: string, description: string): Option {
  const option = new Option(flag, description);
  return option.conflicts(DECISIONS.filter((name) => name !== option.attributeName()));
}

function readItems(db: Db, all: boolean): Promise<InboxItem[]> {
  return rows<InboxItem>(db, `${ITEM} where :all or i.status = 'open' order by i.id limit 1000`, { all });
}

async function findItem(db: Db, id: number): Promise<InboxItem> {
  const item = await row<InboxItem>(db, `${ITEM} where i.id = :id`, { id });
  if (item) return item;
  throw new MingdanError('not_found', `there is no matter ${id} in the inbox`, {
    hint: 'See: mingdan inbox list --all',
  });
}

function toJson({ orderNo, orderAmount, createdAt, resolvedAt, ...rest }: InboxItem): object {
  const asked = orderAmount === null ? null : moneyText(orderAmount);
  return { ...rest, order_no: orderNo, order_amount: asked, created_at: createdAt, resolved_at: resolvedAt };
}

function list(context: Context, items: readonly InboxItem[]): Answer {
  const texts = context.texts();
  if (items.length === 0) return { json: [], lines: [texts.t('inbox.empty')] };
  const lines = items.flatMap((item) => {
    const done = item.status === 'resolved' ? `  ${texts.t('inbox.resolved')}` : '';
    return [
      `#${item.id}  ${word(texts, 'matter', item.kind)}${done}`,
      `  ${[item.orderNo, timeText(item.createdAt)].filter(Boolean).join('  ')}`,
    ];
  });
  return { json: items.map(toJson), lines };
}

async function show(context: Context, id: number): Promise<Answer> {
  const { item, held } = await withOperations(context, async (deps) => {
    const found = await findItem(deps.db, id);
    return { item: readable(deps, found), held: await heldOf(deps.db, found) };
  });
  const texts = context.texts();
  const { t } = texts;
  return {
    json: { ...toJson(item), held: held === null ? null : heldJson(held) },
    lines: [
      `#${item.id}  ${word(texts, 'matter', item.kind)}`,
      ...fields([
        [t('orders.number'), item.orderNo],
        [t('inbox.order_amount'), item.orderAmount === null ? null : moneyText(item.orderAmount)],
        [t('orders.created'), timeText(item.createdAt)],
        ...details(texts, item),
        [t('inbox.resolved'), item.resolvedAt === null ? null : timeText(item.resolvedAt)],
        [t('inbox.note'), item.resolution],
      ]),
      ...(held === null ? refundLines(context, item) : heldLines(context, item.id, held)),
    ],
  };
}

/** What the order number, the money as text and the answers say already, for scripts. */
const SAID_OTHERWISE = ['order_no', 'amount_minor', 'currency', 'held_id', 'answers'];

/** What is known of a matter, named in the operator's language as far as its name is known. */
function details(texts: Texts, { kind, orderNo, details }: InboxItem): [string, string | null][] {
  const isWish = kind === 'refund_wanted' || kind === 'refund_refused';
  const names: Readonly<Record<string, string>> = {
    provider: 'orders.provider',
    amount: isWish ? 'orders.amount' : 'inbox.came',
    verdict: 'inbox.verdict',
    provider_payment_id: 'inbox.payment_id',
    refund_id: 'inbox.refund_id',
    cause: 'inbox.cause',
    reason: 'inbox.reason',
  };
  return Object.entries(details)
    .filter(([name]) => !SAID_OTHERWISE.includes(name) || (name === 'order_no' && orderNo === null))
    .map(([name, value]) => {
      const text = textOf(value);
      const label = names[name];
      return [
        label === undefined ? name : texts.t(label),
        name === 'verdict' && text !== null ? word(texts, 'verdict', text) : text,
      ];
    });
}

/** The money that a matter is about, while nobody has decided about it. */
async function heldOf(db: Db, { details }: InboxItem): Promise<HeldPayment | null> {
  const id = typeof details.held_id === 'number' ? details.held_id : null;
  const held = id === null ? undefined : await findHeldPayment(db, id);
  return held?.status === 'held' ? held : null;
}

function heldJson({ amount, verdict, decideBy }: HeldPayment): object {
  return { amount: amount && moneyCode(amount), decide_by: decideBy, answers: answersTo(verdict) };
}

function heldLines({ texts }: Context, id: number, { amount, verdict, decideBy }: HeldPayment): string[] {
  const { t } = texts();
  const money = amount === null ? t('inbox.amount_unknown') : moneyText(amount);
  return [
    t('inbox.held', { money, time: timeText(decideBy) }),
    ...answersTo(verdict).map((answer) => `  mingdan inbox resolve ${id} --${answer}  ${t(`inbox.${answer}`)}`),
  ];
}

/** What can be answered to a matter about a refund, while it is open. */
function refundLines({ texts }: Context, { id, kind, status }: InboxItem): string[] {
  const { t } = texts();
  const resolve = `  mingdan inbox resolve ${id}`;
  if (status !== 'open') return [];
  if (kind === 'refund_refused')
    return [`${resolve} --paid-by-hand  ${t('inbox.by_hand')}`, `${resolve} --refund  ${t('inbox.again')}`];
  if (kind === 'refund_wanted')
    return [`${resolve} --refund  ${t('inbox.grant')}`, `${resolve} --reply '…'  ${t('inbox.refuse')}`];
  return [];
}

/** A buyer's own words are sealed in the database. */
function readable(deps: OperationDeps, item: InboxItem): InboxItem {
  const { reason } = item.details;
  return typeof reason === 'string'
    ? { ...item, details: { ...item.details, reason: openWords(deps.vault, 'reason', reason) } }
    : item;
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

async function resolve(context: Context, resolution: Resolution): Promise<Answer> {
  return withOperations(context, async (deps) => {
    const closed = await resolveInboxItem(deps, resolution);
    const item = await findItem(deps.db, resolution.id);
    // Money that waits is still a matter.
    const outcome = !closed ? 'already_resolved' : item.status === 'open' ? 'waits' : 'now_resolved';
    return { json: toJson(item), lines: [context.texts().t(`inbox.${outcome}`, { id: resolution.id })] };
  });
}
