import { type ClientTools, type CreatePayment, GatewayRefused, type PaymentClient } from '../../contract.ts';
import { unknownPayment } from '../../gateway-answer.ts';
import { mockPaymentId } from './wire.ts';

/** The path of the page with the two buttons, on the server that the buyer comes back to. */
const PAGE = '/payment/mock';

/** A gateway without a memory: it can be told to send a notice, and knows of nothing that it was not asked about. */
export function createClient(_settings: unknown, _tools: ClientTools): PaymentClient {
  return {
    provider: 'mock',
    createPayment: async (request) => ({
      providerPaymentId: mockPaymentId(request.gatewayOrderId),
      paymentUrl: pageFor(request),
    }),
    // The honest answer: it remembers no payment, so an unpaid order waits for its notice and expires.
    queryPayment: async () => unknownPayment(),
    closePayment: async () => undefined,
    refund: async ({ refundId }) => ({
      status: 'succeeded',
      providerRefundId: `MOCK-${refundId}`,
      providerStatus: 'succeeded',
    }),
  };
}

function pageFor({ gatewayOrderId, returnUrl }: CreatePayment): string {
  if (!URL.canParse(returnUrl))
    throw new GatewayRefused('no_return_url', `${gatewayOrderId} has no address to come back to`, {
      hint: 'Set PUBLIC_URL',
    });
  return `${new URL(returnUrl).origin}${PAGE}/${mockPaymentId(gatewayOrderId)}`;
}
