import type { Money } from '@mingdan/kernel';
import type { PaymentReference } from '../../contract.ts';
import { unreachable } from '../../gateway-call.ts';
import { isSameMoney } from '../../wire-money.ts';
import { fieldsOf } from '../../wire-text.ts';
import { type Session, sessionAnswer, WITH_CHARGE } from './answers.ts';
import { type Ask, type Question, StripeRefused } from './ask.ts';
import { namedMoney, orderNoOf, orderOf } from './wire.ts';

/** Stripe never forgets a session: one that it does not know belongs to the other mode or to another account. */
export async function findSession(
  ask: Ask,
  question: Question,
  payment: PaymentReference,
  expand = WITH_CHARGE,
): Promise<Session | null> {
  const { providerPaymentId: sessionId } = payment;
  if (sessionId === null) return null;
  const session = await ask(question, sessionAnswer, (stripe) =>
    stripe.checkout.sessions.retrieve(sessionId, { expand: [expand] }),
  ).catch(nullIfNotFound);
  if (session === null) return null;
  const difference =
    session.id === sessionId ? otherThanAsked(session, payment.gatewayOrderId) : 'the answer is about another session';
  if (difference) throw unreachable(question, difference);
  return session;
}

export function nullIfNotFound(error: unknown): null {
  if (error instanceof StripeRefused && error.status === 404) return null;
  throw error;
}

/** Where an answer names its order or its money, they must be those that were asked about. */
export function otherThanAsked(session: Session, orderId: string, asked?: Money): string | null {
  const { gatewayOrderId, contradicts } = orderOf(fieldsOf(session));
  if (contradicts || !['', orderNoOf(orderId), orderId].includes(gatewayOrderId))
    return 'the answer is about another order';
  if (asked === undefined || session.amount_total === undefined || session.amount_total === null) return null;
  const { amount } = namedMoney(session.amount_total, session.currency ?? asked.currency);
  return isSameMoney(amount, asked) ? null : 'the answer names another amount';
}
