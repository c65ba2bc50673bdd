import { row } from '@mingdan/db';
import { type Money, messageOf } from '@mingdan/kernel';
import { findOrder, type Order } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { gatewayOrderIdOf, type MockSettings, mockNotice } from '@mingdan/payments/mock';
import type { HttpDeps, MockGate } from '../deps.ts';
import { HttpError } from '../errors.ts';

export type Outcome = 'success' | 'failure';

/** A payment that can be played, as it was asked for. */
export interface PlayedPayment {
  readonly orderNo: string;
  readonly provider: ProviderName;
  readonly gatewayOrderId: string;
  readonly amount: Money;
}

const TIMEOUT_MS = 5_000;

/**
 * The payment behind the `<id>` of a mock address: its number at the gateway, the last part of its address, or an order number, which
 * means the payment that was opened last. @throws HttpError 404
 */
export async function paymentToPlay({ db }: Pick<HttpDeps, 'db'>, id: string): Promise<PlayedPayment> {
  const found = /^[\w-]{4,200}$/.test(id)
    ? await row<PlayedPayment>(
        db,
        `select o.order_no as "orderNo", a.provider, a.gateway_order_id as "gatewayOrderId",
                jsonb_build_object('minor', a.amount_minor, 'currency', a.currency) as amount
           from payment_attempts a join orders o on o.id = a.order_id
          where a.provider_payment_id = :id or right(a.payment_url, :length + 1) = '/' || :id
             or a.gateway_order_id = :gatewayOrderId or o.order_no = :gatewayOrderId
          order by (a.provider_payment_id = :id) desc nulls last, (a.gateway_order_id = :gatewayOrderId and o.order_no <> :gatewayOrderId) desc, a.id desc
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
  if (payment.provider === 'mock') await sendNotice(deps, gate, payment, outcome);
  else await tellStandIn(deps, gate, payment, outcome);
  return findOrder(deps.db, payment.orderNo);
}

async function sendNotice(deps: HttpDeps, gate: MockGate, payment: PlayedPayment, outcome: Outcome): Promise<void> {
  if (gate.notices === null)
    throw new HttpError(409, 'mock_not_set_up', 'Set MOCK_WEBHOOK_SECRET for both processes to play this payment');
  const { headers, body } = noticeOf(gate.notices, payment, outcome, deps.clock.now());
  const status = await post(deps, `${gate.webhookUrl}/webhook/mock`, headers, body);
  if (status !== 200)
    throw new HttpError(502, 'notice_refused', `The webhook process answered the notice with ${status}`);
}

function noticeOf(settings: MockSettings, { gatewayOrderId, amount }: PlayedPayment, outcome: Outcome, at: Date) {
  const { headers, body } = mockNotice(settings, { id: gatewayOrderId, outcome, amount, at });
  return { headers: Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]), body };
}

/** The stand-in of the payment's own gateway, which sends that gateway's own notice. */
async function tellStandIn(deps: HttpDeps, gate: MockGate, payment: PlayedPayment, outcome: Outcome): Promise<void> {
  if (gate.sandboxUrl === null)
    throw new HttpError(409, 'no_sandbox', 'Where no sandbox runs only payments of the provider mock can be played');
  const action = outcome === 'success' ? 'pay' : 'fail';
  const address = `${gate.sandboxUrl}/panel/api/${payment.provider}/${encodeURIComponent(payment.gatewayOrderId)}/${action}`;
  const status = await post(deps, address, [], Buffer.alloc(0));
  if (status === 404)
    throw new HttpError(
      409,
      'not_at_gateway',
      `The stand-in of ${payment.provider} has no such payment yet: open its page`,
    );
  if (status !== 200)
    throw new HttpError(409, 'not_playable', `The stand-in of ${payment.provider} answered ${status}`);
}

async function post({ log }: HttpDeps, address: string, headers: [string, string][], body: Buffer): Promise<number> {
  try {
    const request = { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) };
    return (await fetch(address, request)).status;
  } catch (error) {
    log.warn({ address, cause: messageOf(error) }, 'a payment could not be played');
    throw new HttpError(502, 'unreachable', 'The webhook process or the sandbox does not answer');
  }
}
