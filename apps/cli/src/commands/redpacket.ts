import { formatAmount, MingdanError, moneyText, parseAmount } from '@mingdan/kernel';
import { acceptRedPacket, claimRedPacketCode, rejectRedPacket } from '@mingdan/operations';
import {
  CLAIM_MINUTES,
  findRedPacket,
  listRedPackets,
  type RedPacket,
  type RedPacketEvent,
  redPacketEvents,
} from '@mingdan/orders';
import { type Command, InvalidArgumentError } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import { countArgument, idArgument } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withDatabase, withOperations } from '../deps.ts';
import { operatorName } from '../operator.ts';
import { fields, timeText, word } from '../print.ts';

const OPERATOR = ['--operator <name>', 'who decides, for the record; the login name when left out'] as const;

export function registerRedPacket(program: Command, context: Context): void {
  const packets = group(
    program,
    'redpacket',
    'Alipay red-packet codes that buyers entered: redeem them by hand, then decide.',
  );
  answering(
    packets,
    context,
    'list',
    'The codes that wait, oldest first, without the codes themselves.',
    (_, options) =>
      withDatabase(context, async (db) =>
        list(context, await listRedPackets(db, options.all === true, countArgument(String(options.limit)))),
      ),
  )
    .option('--all', 'what is decided, too; newest first')
    .option('--limit <n>', 'at most so many', '200');
  answering(
    packets,
    context,
    'show <id>',
    'One code with who did what with it, and when; not the code itself.',
    ([id = '']) => show(context, idArgument(id)),
  );
  answering(
    packets,
    context,
    'claim <id>',
    `Show the code, to you alone for ${CLAIM_MINUTES} minutes; then redeem it in Alipay.`,
    ([id = ''], options) => claim(context, idArgument(id), operatorName(options.operator)),
  ).option(...OPERATOR);
  answering(packets, context, 'accept <id>', 'You have redeemed it: book what was in it.', ([id = ''], options) =>
    accept(context, idArgument(id), operatorName(options.operator), options.amount),
  )
    .requiredOption('--amount <yuan>', 'what was in it, such as 19.90')
    .option(...OPERATOR);
  answering(packets, context, 'reject <id>', 'It cannot be used: the buyer is told why.', ([id = ''], options) =>
    reject(context, idArgument(id), operatorName(options.operator), reasonOption(options.reason)),
  )
    .requiredOption('--reason <text>', "said to the buyer; write it in the buyer's language")
    .option(...OPERATOR);
}

function toJson(packet: RedPacket): object {
  const { id, orderNo, state, asked, received, claimedBy, claimedAt, decidedBy, decidedAt, reason, createdAt } = packet;
  return {
    id,
    order_no: orderNo,
    state,
    amount: formatAmount(asked),
    received: received && formatAmount(received),
    currency: asked.currency,
    claimed_by: claimedBy,
    claimed_at: claimedAt,
    decided_by: decidedBy,
    decided_at: decidedAt,
    reason,
    created_at: createdAt,
  };
}

function list(context: Context, packets: readonly RedPacket[]): Answer {
  const { t } = context.texts();
  if (packets.length === 0) return { json: [], lines: [t('redpacket.none')] };
  return { json: packets.map(toJson), lines: packets.flatMap((packet) => entry(context, packet)) };
}

function entry(context: Context, packet: RedPacket): string[] {
  const texts = context.texts();
  const { t } = texts;
  const { id, orderNo, state, asked, received, claimedBy, claimedAt, decidedBy, reason, createdAt } = packet;
  const claimed = state === 'waiting' && claimedBy !== null && claimedAt !== null;
  return [
    `#${id}  ${orderNo}  ${moneyText(asked)}  ${word(texts, 'redpacket_state', state)}`,
    ...fields([
      [t('redpacket.entered'), timeText(createdAt)],
      [t('redpacket.with'), claimed ? t('redpacket.since', { operator: claimedBy, time: timeText(claimedAt) }) : null],
      [t('redpacket.decided_by'), decidedBy],
      [t('redpacket.received'), received && moneyText(received)],
      [t('redpacket.reason'), reason],
    ]).map((line) => `  ${line}`),
  ];
}

function show(context: Context, id: number): Promise<Answer> {
  return withDatabase(context, async (db) => {
    const packet = await findRedPacket(db, id);
    if (!packet)
      throw new MingdanError('redpacket_not_found', `there is no red-packet code ${id}`, {
        hint: 'See: mingdan redpacket list --all',
      });
    const events = await redPacketEvents(db, id);
    return {
      json: { ...toJson(packet), events: events.map(eventJson) },
      lines: [...entry(context, packet), ...events.map((event) => eventLine(context, event))],
    };
  });
}

function eventJson({ what, actor, received, reason, at }: RedPacketEvent): object {
  return {
    what,
    actor,
    received: received && formatAmount(received),
    currency: received?.currency ?? null,
    reason,
    at,
  };
}

function eventLine(context: Context, { what, actor, received, reason, at }: RedPacketEvent): string {
  const texts = context.texts();
  const who = actor === 'buyer' ? texts.t('redpacket.buyer') : actor;
  const said = [word(texts, 'redpacket_event', what), who, received && moneyText(received), reason];
  return `  ${timeText(at)}  ${said.filter(Boolean).join('  ')}`;
}

async function claim(context: Context, id: number, operator: string): Promise<Answer> {
  const { packet, code } = await withOperations(context, (deps) => claimRedPacketCode(deps, { id, operator }));
  const { t } = context.texts();
  return {
    json: { ...toJson(packet), code },
    lines: [
      ...entry(context, packet),
      `  ${t('redpacket.code')}: ${code}`,
      t('redpacket.next', { id, amount: formatAmount(packet.asked), minutes: CLAIM_MINUTES }),
    ],
  };
}

async function accept(context: Context, id: number, operator: string, typed: unknown): Promise<Answer> {
  const amount = parseAmount(String(typed).trim(), 'CNY');
  if (amount.minor === 0) throw new InvalidArgumentError('More than nothing, such as 19.90; an empty one is rejected.');
  const { packet, verdict, booked } = await withOperations(context, (deps) =>
    acceptRedPacket(deps, { id, operator, amount }),
  );
  const { t } = context.texts();
  const params = { orderNo: packet.orderNo, amount: moneyText(amount), asked: moneyText(packet.asked) };
  const how = verdict === 'paid' ? 'paid' : booked ? 'second' : 'held';
  return { json: { ...toJson(packet), verdict }, lines: [t(`redpacket.accepted_${how}`, params)] };
}

async function reject(context: Context, id: number, operator: string, reason: string): Promise<Answer> {
  const packet = await withOperations(context, (deps) => rejectRedPacket(deps, { id, operator, reason }));
  return { json: toJson(packet), lines: [context.texts().t('redpacket.now_rejected', { orderNo: packet.orderNo })] };
}

function reasonOption(given: unknown): string {
  const reason = String(given ?? '').trim();
  if (reason === '' || reason.length > 300)
    throw new InvalidArgumentError('Say why in 1 to 300 characters: --reason <text>.');
  return reason;
}
