import { afterEach, beforeEach } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { createClients } from '../src/clients.ts';
import type { PaymentClient } from '../src/index.ts';
import { type Reply, stripeServer } from './stripe-server.ts';

/** A client of Stripe on a server of its own for each test, what it is asked for, and what Stripe answers. */

export const now = new Date('2026-11-21T12:00:00Z');
export const seconds = now.getTime() / 1000;
export const order = 'REPORT_20261121_7K3M9QXA';
export const attempt = `${order}-2`;
export const amount = { minor: 1990, currency: 'CNY' } as const;
export const wanted = {
  gatewayOrderId: attempt,
  amount,
  subject: '八字精批',
  notifyUrl: 'https://pay.example.com/webhook/stripe',
  returnUrl: 'https://shop.example.com/payment/success?order=1#top',
  expiresAt: new Date('2026-11-21T12:30:00Z'),
  method: 'STRIPE_CHECKOUT',
  buyer: { userId: 1, telegramId: null, language: 'en', openid: null, ip: null },
};
export const payment = { gatewayOrderId: attempt, providerPaymentId: 'cs_1' };
export const refund = {
  ...payment,
  refundId: 'R7d1',
  amount: { minor: 500, currency: 'CNY' },
  paymentAmount: amount,
  reason: 'failed',
  notifyUrl: '',
  buyer: { userId: 1, telegramId: null },
} as const;
export const metadata = { order_no: order, gateway_order_id: attempt };
export const session = {
  id: 'cs_1',
  object: 'checkout.session',
  url: 'https://checkout.stripe.com/c/pay/cs_1#fid',
  status: 'open',
  payment_status: 'unpaid',
  amount_total: 1990,
  currency: 'cny',
  client_reference_id: order,
  metadata,
  payment_intent: null,
  created: seconds,
};
export const charge = { id: 'ch_1', object: 'charge', created: seconds + 60, amount_refunded: 0 };
export const paidSession = {
  ...session,
  url: null,
  status: 'complete',
  payment_status: 'paid',
  payment_intent: { id: 'pi_1', object: 'payment_intent', status: 'succeeded', latest_charge: charge, metadata },
};
export const refunded = {
  id: 're_1',
  object: 'refund',
  status: 'succeeded',
  metadata: { ...metadata, refund_id: 'R7d1' },
};
/** the same with what went back so far */
export const paidWith = (...data: object[]) => ({
  ...paidSession,
  payment_intent: { ...paidSession.payment_intent, latest_charge: { ...charge, refunds: page(...data) } },
});
export const page = (...data: object[]) => ({ object: 'list', data, has_more: false, url: '/v1/x' });

export let stripe: Awaited<ReturnType<typeof stripeServer>>;
export let lines: string[];
export let client: PaymentClient;
export const answer = (...replies: (Reply | object)[]) =>
  stripe.replies.push(...replies.map((reply) => ('object' in reply ? { json: reply } : reply)));

beforeEach(async () => {
  stripe = await stripeServer();
  lines = [];
  client = clientAt(stripe.url);
});
afterEach(() => stripe.close());

export function clientAt(apiBase: string): PaymentClient {
  const log = createLogger({ process: 'test', destination: { write: (line) => lines.push(line) } });
  const settings = new Map([['stripe', { apiBase, secretKey: 'sk_test_very_secret' }]] as const);
  const found = createClients(settings, { clock: { now: () => now }, log }).get('stripe');
  if (!found) throw new Error('no client');
  return found;
}
