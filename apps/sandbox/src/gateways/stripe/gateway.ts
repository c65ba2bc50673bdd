import { randomCode } from '@mingdan/kernel';
import type { Gateway, Till } from '../contract.ts';
import { face, methods } from './face.ts';
import { makeKeys, type StripeKeys, stripeKeys } from './keys.ts';
import { noticesOf, ownNotice } from './notices.ts';
import { intentIdOf, isDelayed, newSessionId } from './objects.ts';
import { stripeRoutes } from './routes.ts';

/** Stripe's Checkout Session. */
export const stripe: Gateway<'stripe', StripeKeys> = {
  name: 'stripe',
  title: 'Stripe',
  keys: stripeKeys,
  makeKeys,
  addresses: (base) => ({ STRIPE_API_BASE: base }),
  // Test mode: three tries over a few hours. The first wait is shorter here than any real one.
  retryMs: [10_000, 600_000, 7_200_000],
  // A redirect is a failure.
  accepts: ({ status }) => status >= 200 && status < 300,
  ids: {
    payment: newSessionId,
    charge: (payment, first) => (first ? intentIdOf(payment) : `pi_${randomCode(40)}`),
    refund: () => `re_${randomCode(24)}`,
    dispute: () => `du_${randomCode(24)}`,
  },
  // A session takes one payment, and none once it has expired.
  actions: ['pay', 'fail', 'pay-wrong-amount', 'pay-too-much', 'pay-other-currency'],
  disputes: true,
  page: face,
  open: (desk) => {
    endFailedSessions(desk.till);
    return {
      routes: stripeRoutes(desk),
      notices: (event) => noticesOf(desk, event),
      ownNotice: (payment, fields) => ownNotice(desk, payment, fields),
      actions: methods(desk.till),
    };
  },
};

/** A delayed payment that failed leaves its session complete: who wants to pay after all needs a new one. */
function endFailedSessions({ ledger }: Till): void {
  ledger.changes.add(() => {
    for (const payment of ledger.payments.values())
      if (payment.status === 'failed' && isDelayed(payment)) payment.status = 'closed';
  });
}
