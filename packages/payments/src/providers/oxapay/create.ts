import type { Money } from '@mingdan/kernel';
import { z } from 'zod';
import type { ClientTools, CreatedPayment, CreatePayment } from '../../contract.ts';
import { readAnswer } from '../../gateway-answer.ts';
import { CREATE_TIMEOUT_MS, unreachable } from '../../gateway-call.ts';
import { gatewayId, webAddress } from '../../values.ts';
import { isSameMoney } from '../../wire-money.ts';
import { cleanText, type Fields, textOf } from '../../wire-text.ts';
import type { Ask, Question } from './ask.ts';
import { findByOrder } from './history.ts';
import { paymentIn, trackIdOf } from './received.ts';
import { jsonNumber } from './wire.ts';

// Looking and making share the time of a creation. Looking must leave enough for making, whose answer we do not want to miss.
const LOOK_TIMEOUT_MS = 1_200;
/** A creation is repeated soon after its answer was lost, so the newest invoices are enough. */
const LOOK_AT_PAGES = 2;
const SHORTEST_MINUTES = 15;
const LONGEST_MINUTES = 2880;
/** An invoice lives two days at most: what was made earlier cannot be the one that this call is about. */
const LOOK_BACK_MS = LONGEST_MINUTES * 60_000;

const invoiceAnswer = z.object({ track_id: gatewayId, payment_url: webAddress });

type Create = (request: CreatePayment) => Promise<CreatedPayment>;

/**
 * Makes an invoice, once for each order id as far as OxaPay lets us: it has no idempotency key, so the history is looked through first.
 * Calls for one order that run at the same time in this process become one.
 */
export function creator(tools: ClientTools, ask: Ask): Create {
  const running = new Map<string, Promise<CreatedPayment>>();
  const addresses = addressBook();
  return (request) => {
    const { gatewayOrderId } = request;
    const known = running.get(gatewayOrderId);
    if (known) return known;
    const made = lookOrMake(tools, ask, addresses, request).finally(() => running.delete(gatewayOrderId));
    running.set(gatewayOrderId, made);
    return made;
  };
}

async function lookOrMake(
  tools: ClientTools,
  ask: Ask,
  addresses: AddressBook,
  request: CreatePayment,
): Promise<CreatedPayment> {
  const now = tools.clock.now();
  const start = performance.now();
  const timeLeft = (all: number): number => Math.floor(start + all - performance.now());
  const about = { order_no: request.gatewayOrderId };
  const found = await findByOrder(ask, request.gatewayOrderId, {
    from: new Date(now.getTime() - LOOK_BACK_MS),
    to: null,
    sort: 'desc',
    what: 'look up',
    about,
    mostPages: LOOK_AT_PAGES,
    timeLeft: () => timeLeft(LOOK_TIMEOUT_MS),
  });
  const again = found && usable(found, request.amount) ? addresses.paymentAt(found) : null;
  if (again) return again;
  const made = await make(ask, request, now, timeLeft(CREATE_TIMEOUT_MS));
  addresses.learn(made);
  return made;
}

/** Its money may still come, or has come; an invoice whose time is over without a cent, or for another price, is of no use. */
function usable(found: Fields, amount: Money): boolean {
  const { state, asked } = paymentIn(found);
  return isSameMoney(asked.amount, amount) && state !== 'gone' && state !== 'failed';
}

async function make(ask: Ask, request: CreatePayment, now: Date, timeoutMs: number): Promise<CreatedPayment> {
  const question: Question = {
    provider: 'oxapay',
    what: 'create',
    about: { order_no: request.gatewayOrderId },
    method: 'POST',
    path: '/v1/payment/invoice',
    body: invoice(request, now),
    timeoutMs,
  };
  if (timeoutMs <= 0) throw unreachable(question, 'no time was left to make an invoice');
  const answer = readAnswer(question, await ask(question), invoiceAnswer);
  return { providerPaymentId: cleanText(answer.track_id), paymentUrl: answer.payment_url };
}

function invoice(request: CreatePayment, now: Date): string {
  const minutes = Math.ceil((request.expiresAt.getTime() - now.getTime()) / 60_000);
  const rest = JSON.stringify({
    currency: request.amount.currency,
    lifetime: minutes < SHORTEST_MINUTES ? SHORTEST_MINUTES + 1 : Math.min(minutes, LONGEST_MINUTES),
    // The buyer pays the price that was shown; with a fee on top what comes in would no longer be the order's amount.
    fee_paid_by_payer: 0,
    // Anything else would let OxaPay call a payment paid that is not the whole.
    under_paid_coverage: 0,
    // Who sent too little of one coin may add the rest in another, instead of ending as underpaid.
    mixed_payment: true,
    callback_url: request.notifyUrl,
    return_url: request.returnUrl,
    order_id: request.gatewayOrderId,
    description: request.subject,
  });
  return `{"amount":${jsonNumber(request.amount)},${rest.slice(1)}`;
}

interface AddressBook {
  learn(made: CreatedPayment): void;
  paymentAt(found: Fields): CreatedPayment | null;
}

/**
 * The history names invoices without their address. All addresses of a merchant differ in the track id alone, so one that was made tells
 * where the others are. Null while none was made: then a new invoice is made, and the old one, whose address nobody was ever told, expires.
 */
function addressBook(): AddressBook {
  let pattern: { before: string; after: string } | null = null;
  return {
    learn({ providerPaymentId: id, paymentUrl: url }) {
      const at = id === null ? -1 : (url ?? '').lastIndexOf(id);
      if (id !== null && url && at >= 0) pattern = { before: url.slice(0, at), after: url.slice(at + id.length) };
    },
    paymentAt(found) {
      const id = textOf(trackIdOf(found));
      if (id === null) return null;
      const named = webAddress.safeParse(found.payment_url);
      const url = named.data ?? (pattern ? `${pattern.before}${encodeURIComponent(id)}${pattern.after}` : null);
      // Who has sent money to it needs no address any more, and must not be asked for more.
      const moneyCame = ['paid', 'processing'].includes(paymentIn(found).state);
      return url === null && !moneyCame ? null : { providerPaymentId: id, paymentUrl: url };
    },
  };
}
