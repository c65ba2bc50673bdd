import { type Db, row, rows } from '@mingdan/db';
import { MingdanError } from '@mingdan/kernel';
import { type OperationDeps, openReason, type Resolution, resolveInboxItem } from '@mingdan/operations';
import { answersTo, findHeldPayment, type HeldPayment } from '@mingdan/orders';
import { type Command, Option } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import { idArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withDatabase, withOperations } from '../deps.ts';
import { fields, moneyText, timeText, word } from '../print.ts';

interface InboxItem {
  id: number;
  kind: string;
  orderNo: string | null;
  details: Record<string, unknown>;
  status: 'open' | 'resolved';
  resolution: string | null;
  createdAt: Date;
  resolvedAt: Date | null;
}

const ITEM = `select i.id, i.kind, o.order_no as "orderNo", i.details, i.status, i.resolution, i.created_at as "createdAt",
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

function toJson({ orderNo, createdAt, resolvedAt, ...rest }: InboxItem): object {
  return { ...rest, order_no: orderNo, created_at: createdAt, resolved_at: resolvedAt };
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
  const details = Object.entries(item.details).map(([name, value]) => [name, textOf(value)] as const);
  return {
    json: { ...toJson(item), held: held === null ? null : heldJson(held) },
    lines: [
      `#${item.id}  ${word(texts, 'matter', item.kind)}`,
      ...fields([
        [t('orders.number'), item.orderNo],
        [t('orders.created'), timeText(item.createdAt)],
        ...details,
        [t('inbox.resolved'), item.resolvedAt === null ? null : timeText(item.resolvedAt)],
        [t('inbox.note'), item.resolution],
      ]),
      ...(held === null ? [] : heldLines(context, item.id, held)),
    ],
  };
}

/** The money that a matter is about, while nobody has decided about it. */
async function heldOf(db: Db, { details }: InboxItem): Promise<HeldPayment | null> {
  const id = typeof details.held_id === 'number' ? details.held_id : null;
  const held = id === null ? undefined : await findHeldPayment(db, id);
  return held?.status === 'held' ? held : null;
}

function heldJson({ amount, verdict, decideBy }: HeldPayment): object {
  return { amount: amount === null ? null : moneyText(amount), decide_by: decideBy, answers: answersTo(verdict) };
}

function heldLines({ texts }: Context, id: number, { amount, verdict, decideBy }: HeldPayment): string[] {
  const { t } = texts();
  const money = amount === null ? t('inbox.amount_unknown') : moneyText(amount);
  return [
    t('inbox.held', { money, time: timeText(decideBy) }),
    ...answersTo(verdict).map((answer) => `  mingdan inbox resolve ${id} --${answer}  ${t(`inbox.${answer}`)}`),
  ];
}

/** A buyer's own words are sealed in the database. */
function readable(deps: OperationDeps, item: InboxItem): InboxItem {
  const { reason } = item.details;
  return typeof reason === 'string'
    ? { ...item, details: { ...item.details, reason: openReason(deps.vault, reason) } }
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
