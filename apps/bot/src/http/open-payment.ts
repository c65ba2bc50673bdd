import { pause } from '@mingdan/kernel';
import { OperationRefused, type PaymentWish, type StartedPayment, startPayment } from '@mingdan/operations';
import type { Request } from 'express';
import type { HttpDeps } from './deps.ts';
import { surfaceOf } from './surface.ts';

/** Nobody waits longer than 3 s for a payment to be opened; some of that is for our own work. */
const ANSWER_WITHIN_MS = 2_800;

/**
 * Opens the payment of an order for the sender of this request, or finds it again. A slow gateway is waited for in the background: what
 * it says later is kept, and the same request again finds it.
 * @throws what `startPayment` throws; `gateway_timeout` after 3 s, and the order stays payable
 */
export async function openPayment(
  deps: Pick<HttpDeps, 'operations'>,
  req: Request,
  wish: Omit<PaymentWish, 'surface' | 'ip'>,
): Promise<StartedPayment> {
  const opening = startPayment(deps.operations, { ...wish, surface: surfaceOf(req), ip: req.ip });
  const enough = new AbortController();
  try {
    const opened = await Promise.race([opening, pause(ANSWER_WITHIN_MS, enough.signal)]);
    if (opened) return opened;
  } finally {
    enough.abort();
  }
  throw new OperationRefused('gateway_timeout', `${wish.provider} is still opening ${wish.orderNo}`);
}
