import type {
  ClientTools,
  CreatedPayment,
  CreatePayment,
  GatewayPaymentState,
  PaymentClient,
  PaymentReference,
} from '../../contract.ts';
import { unknownPayment } from '../../gateway-answer.ts';
import { alreadyPaid, orderIdUsed, refused, unreachable } from '../../gateway-call.ts';
import { cleanText } from '../../wire-text.ts';
import { chargeOf, intentIdOf, intentOf, type Session, sessionAnswer } from './answers.ts';
import { type Ask, createAsk, type Question, StripeRefused } from './ask.ts';
import { findSession, otherThanAsked } from './find-session.ts';
import { listPayments } from './list.ts';
import { queryRefund, requestRefund } from './refunds.ts';
import type { StripeBot } from './settings.ts';
import { dateOf, isPaid, namedMoney, ourMetadata } from './wire.ts';

// Stripe wants 30 minutes or more, and 24 hours or less.
const SHORTEST_LIFE_SECONDS = 31 * 60;
const LONGEST_LIFE_SECONDS = 24 * 3600;
const LONGEST_NAME = 250;

export function createClient(settings: StripeBot, tools: ClientTools): PaymentClient {
  const ask = createAsk(settings, tools);
  return {
    provider: 'stripe',
    createPayment: (request) => createPayment(ask, request, tools.clock.now()),
    queryPayment: (payment) => queryPayment(ask, payment),
    closePayment: (payment) => closePayment(ask, payment),
    refund: (refund) => requestRefund(ask, refund),
    queryRefund: (refund) => queryRefund(ask, refund),
    listPayments: (from, to) => listPayments(ask, from, to),
  };
}

async function createPayment(ask: Ask, request: CreatePayment, now: Date): Promise<CreatedPayment> {
  const { gatewayOrderId } = request;
  const question: Question = { provider: 'stripe', what: 'create', about: { order_no: gatewayOrderId } };
  const fields = sessionFields(request, now);
  const options = { idempotencyKey: `checkout:${gatewayOrderId}` };
  const session = await ask(question, sessionAnswer, (stripe) =>
    stripe.checkout.sessions.create(fields, options),
  ).catch((error: unknown) => {
    throw error instanceof StripeRefused && error.reason === 'idempotency_error'
      ? orderIdUsed(question, error.reason)
      : error;
  });
  const difference = otherThanAsked(session, gatewayOrderId, request.amount);
  if (difference) throw unreachable(question, difference);
  if (session.url) return { providerPaymentId: session.id, paymentUrl: session.url };
  if (session.status === 'expired') throw orderIdUsed(question, 'its session has expired');
  if (session.status === 'complete') throw alreadyPaid(question);
  throw unreachable(question, 'the answer has no address to pay at');
}

/** The same for every call about one payment: Stripe takes an idempotency key again only with what it came with first. */
function sessionFields(request: CreatePayment, now: Date) {
  const metadata = { ...ourMetadata(request.gatewayOrderId) };
  const end = Math.floor(request.expiresAt.getTime() / 1000) + SHORTEST_LIFE_SECONDS;
  const fits = end <= now.getTime() / 1000 + LONGEST_LIFE_SECONDS;
  return {
    mode: 'payment' as const,
    line_items: [
      {
        quantity: 1,
        price_data: {
          currency: request.amount.currency.toLowerCase(),
          unit_amount: request.amount.minor,
          product_data: { name: request.subject.slice(0, LONGEST_NAME).toWellFormed() || metadata.order_no },
        },
      },
    ],
    client_reference_id: metadata.order_no,
    metadata,
    // Stripe copies the metadata of a session to nothing: charge, and so `charge.refunded`, know those of the payment intent.
    payment_intent_data: { metadata },
    success_url: withSessionId(request.returnUrl),
    cancel_url: request.returnUrl,
    // From the order's end, not from now: it is far enough ahead whenever the order can still be paid. Stripe's own default is 24 hours.
    ...(fits ? { expires_at: end } : {}),
  };
}

/** Stripe puts the id in where the braces are, so they must not be encoded. */
function withSessionId(returnUrl: string): string {
  const [page = '', ...fragment] = returnUrl.split('#');
  const separator = page.includes('?') ? '&' : '?';
  return [`${page}${separator}session_id={CHECKOUT_SESSION_ID}`, ...fragment].join('#');
}

async function queryPayment(ask: Ask, payment: PaymentReference): Promise<GatewayPaymentState> {
  const question: Question = { provider: 'stripe', what: 'query', about: { order_no: payment.gatewayOrderId } };
  if (payment.providerPaymentId === null) return unknownPayment('no_session_known');
  const session = await findSession(ask, question, payment);
  if (!session) return unknownPayment();
  const { amount } = namedMoney(session.amount_total, session.currency);
  const isBack = amount !== null && (chargeOf(session)?.amount_refunded ?? -1) >= amount.minor;
  return {
    status: paymentStatus(session),
    providerStatus: cleanText(`${session.status ?? 'unknown'}/${session.payment_status ?? 'unknown'}`),
    providerPaymentId: session.id,
    amount,
    paidAt: isPaid(session.payment_status) ? dateOf(chargeOf(session)?.created) : null,
    ...(isBack ? { givenBack: true } : {}),
    reference: intentIdOf(session),
  };
}

function paymentStatus(session: Session): GatewayPaymentState['status'] {
  if (isPaid(session.payment_status)) return 'paid';
  switch (session.status) {
    case 'open':
      return 'pending';
    case 'expired':
      return 'closed';
    case 'complete':
      // A delayed method: still under way, unless its payment intent fell back.
      return ['requires_payment_method', 'canceled'].includes(intentOf(session)?.status ?? '')
        ? 'failed'
        : 'processing';
    default:
      return 'unknown';
  }
}

async function closePayment(ask: Ask, payment: PaymentReference): Promise<void> {
  const { gatewayOrderId, providerPaymentId: sessionId } = payment;
  // What is not there needs no closing.
  if (sessionId === null) return;
  const question: Question = { provider: 'stripe', what: 'close', about: { order_no: gatewayOrderId } };
  try {
    await ask(question, sessionAnswer, (stripe) => stripe.checkout.sessions.expire(sessionId));
  } catch (error) {
    if (!(error instanceof StripeRefused)) throw error;
    if (error.status === 404) return;
    await notOpen(ask, question, payment, error);
  }
}

/** Stripe ends open sessions only; which of the others this is, it tells when asked. */
async function notOpen(ask: Ask, question: Question, payment: PaymentReference, error: StripeRefused): Promise<void> {
  const session = await findSession(ask, question, payment);
  const status = session ? paymentStatus(session) : 'closed';
  if (status === 'closed' || status === 'failed') return;
  if (status === 'paid') throw alreadyPaid(question);
  if (status === 'processing')
    throw refused(question, 'its payment is under way', 'Wait for the payment: its method takes some days');
  throw error;
}
