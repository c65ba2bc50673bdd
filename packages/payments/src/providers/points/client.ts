import { MingdanError } from '@mingdan/kernel';
import {
  type ClientTools,
  type CreatedPayment,
  type CreatePayment,
  type GatewayPaymentState,
  GatewayRefused,
  type HouseTools,
  type PaymentClient,
  type RefundOrder,
  type RefundState,
} from '../../contract.ts';

/** Nothing leaves the house: each call is one transaction of our own database. */
export function createClient(_settings: unknown, { house }: ClientTools): PaymentClient {
  if (!house) throw new Error('the client of points needs the tools of the house');
  return {
    provider: 'points',
    createPayment: (request) => pay(house, request),
    queryPayment: ({ gatewayOrderId }) => query(house, gatewayOrderId),
    // A payment that is closed in our books takes no coins any more; there is nobody else to tell.
    closePayment: async () => undefined,
    refund: (refund) => giveBack(house, refund),
  };
}

async function pay(house: HouseTools, request: CreatePayment): Promise<CreatedPayment> {
  const { gatewayOrderId, amount, buyer } = request;
  if (buyer.userId === null)
    throw new GatewayRefused('no_account', `${gatewayOrderId} has no account to take coins from`, {
      hint: 'Coins belong to people who signed in: offer another way to pay',
    });
  const outcome = await house.payWithCoins({ gatewayOrderId, userId: buyer.userId, amount });
  if (outcome === 'not_enough')
    throw new GatewayRefused('not_enough_coins', `there are not enough coins for ${gatewayOrderId}`, {
      hint: 'The buyer gets more coins, or pays another way',
    });
  if (outcome === 'not_payable')
    throw new GatewayRefused('not_payable', `${gatewayOrderId} takes no coins`, {
      hint: 'mingdan orders show tells what became of the order',
    });
  const paid = await house.coinPayment(gatewayOrderId);
  return { providerPaymentId: paid?.paymentId ?? null, paymentUrl: null };
}

async function query(house: HouseTools, gatewayOrderId: string): Promise<GatewayPaymentState> {
  const paid = await house.coinPayment(gatewayOrderId);
  if (paid)
    return {
      status: 'paid',
      providerStatus: paid.returned >= paid.amount.minor ? 'given_back' : 'paid',
      providerPaymentId: paid.paymentId,
      amount: paid.amount,
      paidAt: paid.paidAt,
    };
  return { status: 'pending', providerStatus: 'not_paid', providerPaymentId: null, amount: null, paidAt: null };
}

async function giveBack(house: HouseTools, { refundId, gatewayOrderId, amount }: RefundOrder): Promise<RefundState> {
  try {
    await house.giveCoinsBack({ refundId, gatewayOrderId, amount });
  } catch (error) {
    // Said by the ledger itself; anything else (the database is away) may be tried again.
    if (error instanceof MingdanError && error.code === 'coins_not_given_back')
      throw new GatewayRefused(error.code, error.message, { hint: error.hint, cause: error });
    throw error;
  }
  return { status: 'succeeded', providerRefundId: null, providerStatus: 'given_back' };
}
