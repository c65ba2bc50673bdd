import type { ClientTools, GatewayPaymentState, HouseTools, PaymentClient } from '../../contract.ts';

/** Nothing leaves the house: the buyer enters a code, and an operator decides. Money goes back by hand, so there is no refund call. */
export function createClient(_settings: unknown, { house }: ClientTools): PaymentClient {
  if (!house) throw new Error('the client of redpacket needs the tools of the house');
  return {
    provider: 'redpacket',
    createPayment: async () => ({ providerPaymentId: null, paymentUrl: null }),
    queryPayment: ({ gatewayOrderId }) => query(house, gatewayOrderId),
    // A payment that is closed in our books takes no code any more; there is nobody else to tell.
    closePayment: async () => undefined,
  };
}

const STATUS = { none: 'pending', waiting: 'processing', rejected: 'pending', accepted: 'paid' } as const;

async function query(house: HouseTools, gatewayOrderId: string): Promise<GatewayPaymentState> {
  const { state, paymentId, amount, decidedAt } = await house.redpacket(gatewayOrderId);
  const paid = state === 'accepted';
  return {
    status: STATUS[state],
    providerStatus: state === 'none' ? 'no_code' : state,
    providerPaymentId: paymentId,
    amount,
    paidAt: paid ? decidedAt : null,
  };
}
