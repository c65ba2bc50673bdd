import type { z } from 'zod';
import type { GatewayPaymentState, RefundState } from './contract.ts';
import { type CallName, unreachable } from './gateway-call.ts';

/** What an answer holds, by its schema. @throws GatewayUnreachable where it does not fit: nobody can say what was done */
export function readAnswer<T>(call: CallName, value: unknown, schema: z.ZodType<T>): T {
  const read = schema.safeParse(value);
  if (!read.success) throw unreachable(call, 'the answer makes no sense');
  return read.data;
}

/** Not known there (yet): the call that makes it may still be on its way, so this proves nothing. */
export function unknownPayment(providerStatus = 'not_found'): GatewayPaymentState {
  return { status: 'unknown', providerStatus, providerPaymentId: null, amount: null, paidAt: null };
}

/** Not known there (yet), as with payments. */
export function unknownRefund(providerStatus = 'not_found'): RefundState {
  return { status: 'unknown', providerRefundId: null, providerStatus };
}
