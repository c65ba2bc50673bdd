import type { ListedPayment } from '../../contract.ts';
import { unreachable } from '../../gateway-call.ts';
import { fieldsOf } from '../../wire-text.ts';
import { chargeOf, type Session, sessionPage, WITH_CHARGE } from './answers.ts';
import type { Ask, Question } from './ask.ts';
import { dateOf, isOurSession, isPaid, namedMoney, orderOf } from './wire.ts';

/** Sessions with their charges are some 10 kB each, and an answer may have 256. */
const PAGE = 20;
const MOST_PAGES = 1_000;
/** A session is paid within its life, which is a day at most: what was paid since `from` was opened at most a day before. */
const LONGEST_LIFE_MS = 24 * 3_600_000;

/** What was paid from `from` (included) to `to` (not included), by the time of the charge. Sessions of other programs are left out. */
export async function listPayments(ask: Ask, from: Date, to: Date): Promise<readonly ListedPayment[]> {
  const question: Question = { provider: 'stripe', what: 'list', about: {} };
  const created = { gte: Math.floor((from.getTime() - LONGEST_LIFE_MS) / 1000), lt: Math.ceil(to.getTime() / 1000) };
  const fields = { created, status: 'complete', limit: PAGE, expand: [`data.${WITH_CHARGE}`] };
  const payments: ListedPayment[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const position = after === undefined ? {} : { starting_after: after };
    const page = await ask(question, sessionPage, (stripe) =>
      stripe.checkout.sessions.list({ ...fields, ...position }),
    );
    const paid = page.data.filter((session) => isPaid(session.payment_status) && isOurSession(fieldsOf(session)));
    payments.push(...paid.map((session) => listed(question, session)));
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return payments.filter(({ paidAt }) => paidAt >= from && paidAt < to);
  }
  // A part of the list would look like missing money.
  throw unreachable(question, 'the list is too long');
}

function listed(question: Question, session: Session): ListedPayment {
  const charge = chargeOf(session);
  const { amount } = namedMoney(session.amount_total, session.currency);
  const paidAt = dateOf(charge?.created ?? session.created);
  if (!amount || !paidAt) throw unreachable(question, 'the answer makes no sense');
  return {
    gatewayOrderId: orderOf(fieldsOf(session)).gatewayOrderId || null,
    providerPaymentId: session.id,
    amount,
    refundedMinor: charge?.amount_refunded ?? null,
    paidAt,
  };
}
