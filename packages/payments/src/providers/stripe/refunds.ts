import type { RefundOrder, RefundReference, RefundState } from '../../contract.ts';
import { unknownRefund } from '../../gateway-answer.ts';
import { refused, unreachable } from '../../gateway-call.ts';
import { cleanText, textOf } from '../../wire-text.ts';
import { chargeOf, intentIdOf, type Refund, refundAnswer, refundPage, type Session, WITH_REFUNDS } from './answers.ts';
import { type Ask, type Question, StripeRefused } from './ask.ts';
import { findSession, nullIfNotFound } from './find-session.ts';
import { namedMoney, ourMetadata, refundStatus } from './wire.ts';

const PAGE = 20;
/** Stripe has no bound for the number of refunds of a payment; ours are one or two. */
const MOST_PAGES = 5;

/** Gives money back, once for each refund id: an idempotency key is forgotten after a day, the refund's metadata never. */
export async function requestRefund(ask: Ask, order: RefundOrder): Promise<RefundState> {
  const about = { order_no: order.gatewayOrderId, refund_id: order.refundId };
  const question: Question = { provider: 'stripe', what: 'refund', about };
  const { intentId, session } = await paidIntent(ask, question, order);
  const earlier = await findRefund(ask, question, session, order.refundId);
  if (earlier) return stateOf(earlier);
  const fields = {
    payment_intent: intentId,
    amount: order.amount.minor,
    metadata: { ...ourMetadata(order.gatewayOrderId), refund_id: order.refundId },
  };
  const options = { idempotencyKey: `refund:${order.refundId}` };
  try {
    const refund = await ask(question, refundAnswer, (stripe) => stripe.refunds.create(fields, options));
    checkRefund(question, refund, order.refundId);
    return stateOf(refund);
  } catch (error) {
    // All of it went back before, whoever asked for that: there is nothing left to do.
    if (error instanceof StripeRefused && error.reason === 'charge_already_refunded')
      return { status: 'succeeded', providerRefundId: null, providerStatus: error.reason };
    throw error;
  }
}

/** The payment intent of the session, whose money it is. @throws GatewayRefused where there is none, or money in another currency */
async function paidIntent(ask: Ask, question: Question, order: RefundOrder) {
  const hint = 'See the payment in the dashboard of Stripe, and give the money back there';
  const session = await findSession(ask, question, order, WITH_REFUNDS);
  if (!session) throw refused(question, 'its Checkout Session is not known', hint);
  const intentId = intentIdOf(session);
  if (intentId === null) throw refused(question, 'it was never paid', hint);
  const { amount } = namedMoney(session.amount_total, session.currency);
  // A refund names no currency: the number alone would be read in the payment's.
  if (amount && amount.currency !== order.amount.currency)
    throw refused(question, `it was paid in ${amount.currency}`, hint);
  return { intentId, session };
}

export async function queryRefund(ask: Ask, reference: RefundReference): Promise<RefundState> {
  const { providerRefundId, refundId } = reference;
  const about = { order_no: reference.gatewayOrderId, refund_id: refundId };
  const question: Question = { provider: 'stripe', what: 'query refund', about };
  if (providerRefundId !== null) {
    const refund = await ask(question, refundAnswer, (stripe) => stripe.refunds.retrieve(providerRefundId)).catch(
      nullIfNotFound,
    );
    if (refund === null) return unknownRefund();
    if (refund.id !== providerRefundId) throw unreachable(question, 'the answer is about another refund');
    checkRefund(question, refund, refundId);
    return stateOf(refund);
  }
  const session = await findSession(ask, question, reference, WITH_REFUNDS);
  const refund = session && (await findRefund(ask, question, session, refundId));
  return refund ? stateOf(refund) : unknownRefund();
}

/** The refund that carries our id, among all of a payment. Its charge brings the first ten along, and few have more than one. */
async function findRefund(ask: Ask, question: Question, session: Session, refundId: string): Promise<Refund | null> {
  const near = chargeOf(session)?.refunds;
  const found = near?.data.find((refund) => idOfOurs(refund) === refundId) ?? null;
  const intentId = intentIdOf(session);
  return found || !near?.has_more || intentId === null ? found : searchRefund(ask, question, intentId, refundId);
}

async function searchRefund(ask: Ask, question: Question, intentId: string, refundId: string): Promise<Refund | null> {
  let after: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const fields = { payment_intent: intentId, limit: PAGE, ...(after === undefined ? {} : { starting_after: after }) };
    const page = await ask(question, refundPage, (stripe) => stripe.refunds.list(fields));
    const found = page.data.find((refund) => idOfOurs(refund) === refundId);
    if (found) return found;
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return null;
  }
  throw unreachable(question, 'there are more refunds of it than we look through');
}

function checkRefund(question: Question, refund: Refund, refundId: string): void {
  const named = idOfOurs(refund);
  if (named !== null && named !== refundId) throw unreachable(question, 'the answer is about another refund');
}

function idOfOurs(refund: Refund): string | null {
  return textOf(refund.metadata?.refund_id);
}

function stateOf(refund: Refund): RefundState {
  return { status: refundStatus(refund.status), providerRefundId: refund.id, providerStatus: cleanText(refund.status) };
}
