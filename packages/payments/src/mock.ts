/** What plays the mock gateway in development needs: the ids of its payments, and notices as it would send them. */
import type { Money } from '@mingdan/kernel';
import type { RawNotice } from './contract.ts';
import type { MockSettings } from './providers/mock/settings.ts';
import { gatewayOrderIdOf, MERCHANT, mockPaymentId, signedNotice } from './providers/mock/wire.ts';

export type { MockSettings } from './providers/mock/settings.ts';
export { gatewayOrderIdOf, mockPaymentId } from './providers/mock/wire.ts';

export interface MockOutcome {
  /** last part of the mock's payment address, or the order number */
  readonly id: string;
  readonly outcome: 'success' | 'failure';
  /** as the payment was asked for */
  readonly amount: Money;
  readonly at: Date;
}

/** The notice of one payment, to be posted to `/webhook/mock`. @param settings as `settings.bot` of the mock parsed them */
export function mockNotice(settings: MockSettings, { id, outcome, amount, at }: MockOutcome): RawNotice {
  const gatewayOrderId = gatewayOrderIdOf(id);
  return signedNotice(settings, {
    kind: outcome === 'success' ? 'paid' : 'failed',
    gatewayOrderId,
    paymentId: mockPaymentId(gatewayOrderId),
    refundId: null,
    amount,
    merchant: MERCHANT,
    at,
  });
}
