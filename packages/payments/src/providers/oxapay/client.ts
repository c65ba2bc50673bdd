import type {
  ClientTools,
  GatewayPaymentState,
  ListedPayment,
  PaymentClient,
  PaymentReference,
} from '../../contract.ts';
import { unknownPayment } from '../../gateway-answer.ts';
import { TIMEOUT_MS, unreachable } from '../../gateway-call.ts';
import { type Fields, textOf } from '../../wire-text.ts';
import { type Ask, createAsk, isNotFound, type Question } from './ask.ts';
import { creator } from './create.ts';
import { findByOrder, history, type Span } from './history.ts';
import { orderIdOf, type Payment, paymentIn, trackIdOf } from './received.ts';
import type { OxapayBot } from './settings.ts';
import { dateOf } from './wire.ts';

const DAY_MS = 24 * 60 * 60_000;
/** An order is asked about by its number for as long as its invoice may live and be paid late. */
const ASKED_FOR_MS = 5 * DAY_MS;
const MOST_PAGES_OF_A_QUERY = 50;
const MOST_PAGES_OF_A_LIST = 2_000;

/** No `closePayment` and no `refund`: OxaPay has neither. An invoice ends by its lifetime, money goes back by the merchant's hand. */
export function createClient(settings: OxapayBot, tools: ClientTools): PaymentClient {
  const ask = createAsk(settings, tools);
  return {
    provider: 'oxapay',
    createPayment: creator(tools, ask),
    queryPayment: (payment) => queryPayment(ask, payment, tools.clock.now()),
    listPayments: (from, to) => listPayments(ask, from, to),
  };
}

async function queryPayment(ask: Ask, payment: PaymentReference, now: Date): Promise<GatewayPaymentState> {
  const question: Question = {
    provider: 'oxapay',
    what: 'query',
    about: { order_no: payment.gatewayOrderId },
    method: 'GET',
    path: `/v1/payment/${encodeURIComponent(payment.providerPaymentId ?? '')}`,
  };
  const fields =
    payment.providerPaymentId === null
      ? await lookUp(ask, question, payment.gatewayOrderId, now)
      : await ask(question).catch((error: unknown) => {
          if (isNotFound(error)) return null;
          throw error;
        });
  if (fields === null) return unknownPayment();
  if (orderIdOf(fields) !== payment.gatewayOrderId) throw unreachable(question, 'the answer is about another order');
  const trackId = textOf(trackIdOf(fields));
  if (payment.providerPaymentId !== null && trackId !== null && trackId !== payment.providerPaymentId)
    throw unreachable(question, 'the answer is about another payment');
  return stateOf(paymentIn(fields), trackId ?? payment.providerPaymentId);
}

async function lookUp(ask: Ask, question: Question, orderId: string, now: Date): Promise<Fields | null> {
  const from = new Date(now.getTime() - ASKED_FOR_MS);
  return findByOrder(ask, orderId, {
    from,
    to: null,
    sort: 'desc',
    what: 'query',
    about: question.about,
    mostPages: MOST_PAGES_OF_A_QUERY,
    timeLeft: () => TIMEOUT_MS,
  });
}

const STATES = { open: 'pending', processing: 'processing', paid: 'paid', gone: 'closed', failed: 'failed' } as const;

function stateOf(payment: Payment, trackId: string | null): GatewayPaymentState {
  const { state, meaning } = payment;
  return {
    status: meaning === 'unheard_of' ? 'unknown' : STATES[state],
    providerStatus: payment.status,
    providerPaymentId: trackId,
    amount: state === 'paid' ? payment.received : payment.asked.amount,
    paidAt: state === 'paid' ? payment.lastAt : null,
    ...(meaning === 'refunding' || meaning === 'refunded' ? { givenBack: true } : {}),
  };
}

/** By the time its last coin came; the history knows when invoices were made, and they live two days at most and may be paid late. */
async function listPayments(ask: Ask, from: Date, to: Date): Promise<ListedPayment[]> {
  const span: Span = {
    from: new Date(from.getTime() - ASKED_FOR_MS),
    to,
    sort: 'asc',
    what: 'list',
    about: {},
    mostPages: MOST_PAGES_OF_A_LIST,
    timeLeft: () => TIMEOUT_MS,
  };
  const listed = new Map<string, ListedPayment>();
  for await (const fields of history(ask, span)) {
    const payment = listedPayment(fields);
    if (payment && payment.paidAt >= from && payment.paidAt < to) listed.set(payment.providerPaymentId, payment);
  }
  return [...listed.values()];
}

/** Null where nothing came, or where OxaPay does not say how much. */
function listedPayment(fields: Fields): ListedPayment | null {
  const payment = paymentIn(fields);
  const providerPaymentId = textOf(trackIdOf(fields));
  const paidAt = payment.lastAt ?? dateOf(fields.date);
  if (payment.state !== 'paid' || payment.received === null || providerPaymentId === null || paidAt === null)
    return null;
  return {
    gatewayOrderId: textOf(orderIdOf(fields)),
    providerPaymentId,
    amount: payment.received,
    // Begun is not done: how much has gone back is not said then.
    refundedMinor: payment.meaning === 'refunded' ? payment.received.minor : payment.meaning === 'refunding' ? null : 0,
    paidAt,
  };
}
