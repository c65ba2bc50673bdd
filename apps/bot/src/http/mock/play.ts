import { row } from '@mingdan/db';
import { type Money, pause } from '@mingdan/kernel';
import { cancelOrder, checkPayment } from '@mingdan/operations';
import { findOrder, type Order } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { gatewayOrderIdOf, type MockSettings, mockNotice } from '@mingdan/payments/mock';
import type { HttpDeps, MockGate } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { ask } from './ask.ts';
import { payInHouse } from './house.ts';
import { payInStars, playAtGateway } from './stand-ins.ts';

export type Outcome = 'success' | 'failure';

/** A payment that can be played, as it was asked for. */
export interface PlayedPayment {
  readonly orderId: number;
  readonly orderNo: string;
  /** of its buyer; null without Telegram */
  readonly chatId: number | null;
  readonly provider: ProviderName;
  readonly gatewayOrderId: string;
  readonly amount: Money;
  readonly paymentUrl: string | null;
  readonly clientParams: Readonly<Record<string, string>> | null;
}

const WEBHOOK = { who: 'The webhook process', withinMs: 5_000 };
const TOLD_WITHIN_MS = 3_000;
/** Ways to pay whose payments come through us: nobody else would know that they are paid already. */
const IN_HOUSE: readonly ProviderName[] = ['points', 'redpacket', 'stars'];

/**
 * The payment behind the `<id>` of a mock address: its number at the gateway, the last part of its address, or an order number, which
 * means the payment that was opened last. @throws HttpError 404
 */
export async function paymentToPlay({ db }: Pick<HttpDeps, 'db'>, id: string): Promise<PlayedPayment> {
  const found = /^[\w-]{4,200}$/.test(id)
    ? await row<PlayedPayment>(
        db,
        `select o.id as "orderId", o.order_no as "orderNo", (select telegram_id from users where users.id = o.user_id) as "chatId", a.provider, a.gateway_order_id as "gatewayOrderId",
                jsonb_build_object('minor', a.amount_minor, 'currency', a.currency) as amount, a.payment_url as "paymentUrl", a.client_params as "clientParams"
           from payment_attempts a join orders o on o.id = a.order_id
          where a.provider_payment_id = :id or right(a.payment_url, :length + 1) = '/' || :id
             or a.gateway_order_id = :gatewayOrderId or o.order_no = :gatewayOrderId
          order by (a.provider_payment_id is not distinct from :id) desc, (a.gateway_order_id = :gatewayOrderId and o.order_no <> :gatewayOrderId) desc,
                   (a.status = 'open') desc, a.id desc
          limit 1`,
        { id, length: id.length, gatewayOrderId: gatewayOrderIdOf(id) },
      )
    : undefined;
  if (!found) throw new HttpError(404, 'payment_not_found', 'There is no payment with this id, or of this order');
  return found;
}

/** What a buyer does at the gateway, and what the gateway then tells the webhook process. @returns the order as it is afterwards */
export async function play(
  deps: HttpDeps,
  gate: MockGate,
  payment: PlayedPayment,
  outcome: Outcome,
): Promise<Order | undefined> {
  const order = await findOrder(deps.db, payment.orderNo);
  if (outcome === 'failure' && order?.paidAt)
    throw new HttpError(409, 'not_playable', 'The order is paid: no payment of it can fail any more');
  // It has failed, or is over: playing that again changes nothing.
  if (outcome === 'failure' && order?.status !== 'pending_payment') return order;
  // Money that was taken in the house is not taken again.
  if (order?.paidAt && IN_HOUSE.includes(payment.provider)) return order;
  if (outcome === 'success') await succeed(deps, gate, payment);
  else await fail(deps, gate, payment);
  if (payment.provider === 'mock') return findOrder(deps.db, payment.orderNo);
  return outcome === 'success' ? whenTold(deps, payment) : afterFailure(deps, payment.orderNo);
}

async function succeed(deps: HttpDeps, gate: MockGate, payment: PlayedPayment): Promise<void> {
  const { provider } = payment;
  if (provider === 'mock') return sendNotice(deps, gate, payment, 'success');
  if (provider === 'points' || provider === 'redpacket') return payInHouse(deps, payment);
  return provider === 'stars' ? payInStars(deps, gate, payment) : playAtGateway(deps, gate, payment, 'success');
}

async function fail(deps: HttpDeps, gate: MockGate, payment: PlayedPayment): Promise<void> {
  const { provider } = payment;
  if (provider === 'mock') return sendNotice(deps, gate, payment, 'failure');
  // Of these nobody tells that a buyer did not pay: they give up, and that is all.
  if (IN_HOUSE.includes(provider)) return;
  return playAtGateway(deps, gate, payment, 'failure');
}

/** Telegram tells the bot, a moment later; gateways have told the webhook process before they answer. */
async function whenTold({ db }: HttpDeps, { orderNo, provider }: PlayedPayment): Promise<Order | undefined> {
  for (const end = Date.now() + TOLD_WITHIN_MS; ; await pause(50)) {
    const order = await findOrder(db, orderNo);
    if (provider !== 'stars' || order?.status !== 'pending_payment' || Date.now() > end) return order;
  }
}

/** Where the gateway tells nobody it is asked, as the worker would; and a buyer whose payment ended there gives the order up. */
async function afterFailure(deps: HttpDeps, orderNo: string): Promise<Order | undefined> {
  const isOpen = async () => (await findOrder(deps.db, orderNo))?.status === 'pending_payment';
  if (await isOpen()) await checkPayment(deps.operations, orderNo);
  if (await isOpen()) await cancelOrder(deps.operations, { orderNo });
  return findOrder(deps.db, orderNo);
}

async function sendNotice(deps: HttpDeps, gate: MockGate, payment: PlayedPayment, outcome: Outcome): Promise<void> {
  if (gate.notices === null)
    throw new HttpError(409, 'mock_not_set_up', 'Set MOCK_WEBHOOK_SECRET for both processes to play this payment');
  const { headers, body } = noticeOf(gate.notices, payment, outcome, deps.clock.now());
  const { status } = await ask(deps, WEBHOOK, `${gate.webhookUrl}/webhook/mock`, { method: 'POST', headers, body });
  if (status !== 200)
    throw new HttpError(502, 'notice_refused', `The webhook process answered the notice with ${status}`);
}

function noticeOf(settings: MockSettings, { gatewayOrderId, amount }: PlayedPayment, outcome: Outcome, at: Date) {
  const { headers, body } = mockNotice(settings, { id: gatewayOrderId, outcome, amount, at });
  return { headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]), body };
}
