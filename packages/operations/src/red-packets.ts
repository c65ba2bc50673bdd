import { amountText, tellBuyer } from '@mingdan/fulfilment';
import { MingdanError, type Money, moneyText } from '@mingdan/kernel';
import {
  CLAIM_MINUTES,
  claimRedPacket,
  decideRedPacket,
  type EnteredRedPacket,
  enterRedPacket,
  findOrder,
  findRedPacket,
  type Order,
  quietVerdicts,
  type RedPacket,
  recordNotice,
  redPacketOver,
  redPacketPaymentId,
} from '@mingdan/orders';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
import { wakeWorkers } from './settle.ts';
import { startPayment } from './start-payment.ts';
import { tellOperators } from './tell-operators.ts';

export type RedPacketErrorCode =
  | 'bad_redpacket_code'
  | 'too_many_redpacket_codes'
  | 'redpacket_code_used'
  | 'redpacket_not_found'
  | 'redpacket_taken'
  | 'redpacket_decided'
  | 'redpacket_not_claimed';

const hints: Record<RedPacketErrorCode, string> = {
  bad_redpacket_code: 'Copy the code from Alipay as it is',
  redpacket_code_used: 'Every red packet pays one order: the buyer sends another one',
  too_many_redpacket_codes: 'The buyer writes to support, or pays another way',
  redpacket_not_found: 'See: mingdan redpacket list --all',
  redpacket_taken: `A claim ends ${CLAIM_MINUTES} minutes after it was made: mingdan redpacket list`,
  redpacket_decided: 'See: mingdan redpacket list --all',
  redpacket_not_claimed: 'Claim it first: mingdan redpacket claim',
};

export class RedPacketRefused extends MingdanError {
  constructor(code: RedPacketErrorCode, message: string) {
    super(code, message, { hint: hints[code] });
  }
}

const SHORTEST = 4;
const LONGEST = 64;
/** What the buyer has at least left for another code after a rejection, however long it took. */
const MINUTES_AFTER_REJECTION = 30;

export interface RedPacketAnswer {
  readonly state: 'waiting' | 'accepted' | 'rejected';
  /** of a rejection, in the operator's words */
  readonly reason?: string;
  /** false: this code was not taken, since an operator has an earlier one or it has paid the order */
  readonly taken: boolean;
}

/**
 * A buyer's red-packet code (支付宝口令红包). It is kept encrypted, the order does not expire while it waits, and operators are told once.
 * The same code again tells where it stands; another one corrects a code that nobody has claimed.
 * @param entered `userId`: the order must be this user's
 * @throws RedPacketRefused bad_redpacket_code | redpacket_code_used | too_many_redpacket_codes; OperationRefused order_not_found | order_not_payable |
 *   provider_not_offered | method_not_offered
 */
export async function enterRedPacketCode(
  deps: OperationDeps,
  entered: { orderNo: string; code: string; userId?: number },
): Promise<RedPacketAnswer> {
  const code = readableCode(entered.code);
  const order = await findOrder(deps.db, entered.orderNo);
  if (!order || (entered.userId !== undefined && order.userId !== entered.userId))
    throw new OperationRefused('order_not_found', `there is no order ${entered.orderNo}`);
  let answer = await enter(deps, order, code);
  if (answer.outcome === 'new' && answer.packet === null) {
    // Nobody has chosen this way to pay before: the payment is opened first.
    await startPayment(deps, { orderNo: order.orderNo, provider: 'redpacket' });
    answer = await enter(deps, order, code);
  }
  const { outcome, packet } = answer;
  if (outcome === 'full')
    throw new RedPacketRefused('too_many_redpacket_codes', `order ${order.orderNo} had too many codes`);
  if (outcome === 'used') throw new RedPacketRefused('redpacket_code_used', 'this code is for another order');
  if (packet === null) throw new OperationRefused('order_not_payable', `order ${order.orderNo} takes no code`);
  if (outcome === 'new') deps.log.info({ order_no: order.orderNo, redpacket: packet.id }, 'a red-packet code waits');
  return {
    state: packet.state,
    ...(packet.reason === null ? {} : { reason: packet.reason }),
    taken: outcome === 'new' || outcome === 'same' || outcome === 'replaced',
  };
}

/** Codes are numbers or any words; what has line breaks or is longer is the whole text that Alipay shares. */
function readableCode(typed: string): string {
  const code = typed.normalize('NFC').trim();
  const length = [...code].length;
  if (length < SHORTEST || length > LONGEST || /\p{Cc}/u.test(code) || !code.isWellFormed())
    throw new RedPacketRefused(
      'bad_redpacket_code',
      `a red-packet code has ${SHORTEST} to ${LONGEST} characters in one line`,
    );
  return code;
}

function enter(deps: OperationDeps, order: Order, code: string): Promise<EnteredRedPacket> {
  return deps.db.transaction(async (tx) => {
    const entered = await enterRedPacket(tx, deps.vault, { orderId: order.id, code });
    const { outcome, packet } = entered;
    if (outcome === 'new' && packet !== null) {
      const params = {
        id: packet.id,
        orderNo: order.orderNo,
        product: order.productNames,
        amount: moneyText(packet.asked),
      };
      const message = { template: 'alarm_redpacket_waiting', params } as const;
      await tellOperators(deps, tx, `redpacket:${packet.id}`, message, order.id);
    }
    return entered;
  });
}

/**
 * Shows a waiting code to one operator, who has it for half an hour; nobody else can see or decide it meanwhile.
 * @throws RedPacketRefused redpacket_not_found | redpacket_taken | redpacket_decided
 */
export async function claimRedPacketCode(
  deps: OperationDeps,
  claim: { id: number; operator: string },
): Promise<{ packet: RedPacket; code: string }> {
  const answer = await claimRedPacket(deps.db, deps.vault, claim);
  const packet = await findRedPacket(deps.db, claim.id);
  if (!packet) throw notFound(claim.id);
  if ('code' in answer) {
    deps.log.info(
      { redpacket: claim.id, order_no: packet.orderNo, operator: claim.operator },
      'a red-packet code was claimed',
    );
    return { packet, code: answer.code };
  }
  throw answer.refused === 'decided' ? decidedAlready(packet) : takenBy(packet);
}

/**
 * The operator has redeemed the code: what was in it is recorded as a payment, by the same path as a gateway's notice. Another amount
 * than the order's becomes held money.
 * @returns the verdict of the payment; `booked` false: it does not fit the order, and the inbox has it
 * @throws RedPacketRefused redpacket_not_found | redpacket_not_claimed | redpacket_taken | redpacket_decided
 */
export async function acceptRedPacket(
  deps: OperationDeps,
  decision: { id: number; operator: string; amount: Money },
): Promise<{ packet: RedPacket; verdict: string; booked: boolean }> {
  const { packet, verdict } = await deps.db.transaction(async (tx) => {
    const packet = await decideRedPacket(tx, decision);
    if (!packet) throw await whyNot({ ...deps, db: tx }, decision);
    const recorded = await recordNotice(tx, noticeOf(packet, decision.amount));
    await redPacketOver(tx, packet.orderId, 0);
    return { packet, verdict: recorded.verdict };
  });
  const { id, operator } = decision;
  deps.log.info({ redpacket: id, order_no: packet.orderNo, operator, verdict }, 'a red-packet code was accepted');
  await wakeWorkers(deps.db);
  return { packet, verdict, booked: quietVerdicts.some((quiet) => quiet === verdict) };
}

function noticeOf(packet: RedPacket, amount: Money): Parameters<typeof recordNotice>[1] {
  const paymentId = redPacketPaymentId(packet.id);
  return {
    provider: 'redpacket',
    eventId: `paid:${paymentId}`,
    kind: 'paid',
    gatewayOrderId: packet.gatewayOrderId,
    providerPaymentId: paymentId,
    refundId: null,
    amount,
    merchantMatches: true,
    occurredAt: packet.decidedAt,
  };
}

/**
 * The code is worth nothing: the buyer is told why, and may enter another one.
 * @throws RedPacketRefused redpacket_not_found | redpacket_not_claimed | redpacket_taken | redpacket_decided
 */
export async function rejectRedPacket(
  deps: OperationDeps,
  decision: { id: number; operator: string; reason: string },
): Promise<RedPacket> {
  const packet = await deps.db.transaction(async (tx) => {
    const packet = await decideRedPacket(tx, decision);
    if (!packet) throw await whyNot({ ...deps, db: tx }, decision);
    await redPacketOver(tx, packet.orderId, MINUTES_AFTER_REJECTION);
    const order = await findOrder(tx, packet.orderNo);
    if (order) await tellRejected(deps, tx, order, packet);
    return packet;
  });
  deps.log.info(
    { redpacket: packet.id, order_no: packet.orderNo, operator: decision.operator },
    'a red-packet code was rejected',
  );
  await wakeWorkers(deps.db);
  return packet;
}

/** In the chat, or by mail; it stands on the order page, too. */
async function tellRejected(
  deps: OperationDeps,
  tx: OperationDeps['db'],
  order: Order,
  packet: RedPacket,
): Promise<void> {
  const { orderNo, productNames } = order;
  await tellBuyer(tx, deps.vault, order, {
    dedupeKey: `redpacket-rejected:${packet.id}`,
    message: {
      template: 'redpacket_rejected',
      params: { orderNo, product: productNames, amount: amountText(order), reason: packet.reason ?? '' },
      buttons: [[{ label: 'redpacket_again', callbackData: `pay:redpacket:${orderNo}` }]],
    },
  });
}

async function whyNot(
  deps: Pick<OperationDeps, 'db'>,
  { id, operator }: { id: number; operator: string },
): Promise<RedPacketRefused> {
  const packet = await findRedPacket(deps.db, id);
  if (!packet) return notFound(id);
  if (packet.state !== 'waiting') return decidedAlready(packet);
  if (packet.claimedBy !== null && packet.claimedBy !== operator) return takenBy(packet);
  return new RedPacketRefused('redpacket_not_claimed', `red packet ${id} is not claimed by ${operator}`);
}

function notFound(id: number): RedPacketRefused {
  return new RedPacketRefused('redpacket_not_found', `there is no red packet ${id}`);
}

function takenBy({ id, claimedBy, claimedAt }: RedPacket): RedPacketRefused {
  const until = claimedAt === null ? '' : new Date(claimedAt.getTime() + CLAIM_MINUTES * 60_000).toISOString();
  return new RedPacketRefused(
    'redpacket_taken',
    `red packet ${id} is with ${claimedBy ?? 'somebody else'} until ${until}`,
  );
}

function decidedAlready({ id, state, decidedBy }: RedPacket): RedPacketRefused {
  return new RedPacketRefused('redpacket_decided', `red packet ${id} was ${state} by ${decidedBy ?? 'somebody'}`);
}
