/**
 * The order state machine, as data: this list is the only place where a legal move is written. The code reads it, and `migrate`
 * copies it into `order_moves`, which a trigger on `orders` checks for every change of state, whoever makes it.
 */
export const orderStatuses = ['pending_payment', 'paid', 'generating', 'completed', 'failed', 'expired'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export interface OrderMove {
  readonly name: string;
  readonly from: OrderStatus;
  readonly to: OrderStatus;
  /** True: only where no money has ever come in (an order that was paid and failed stays failed). */
  readonly onlyUnpaid: boolean;
}

export const firstStatus: OrderStatus = 'pending_payment';

export const orderMoves = [
  { name: 'pay', from: 'pending_payment', to: 'paid', onlyUnpaid: false },
  { name: 'payLate', from: 'expired', to: 'paid', onlyUnpaid: true },
  { name: 'payAfterFailedTry', from: 'failed', to: 'paid', onlyUnpaid: true },
  { name: 'refusePayment', from: 'pending_payment', to: 'failed', onlyUnpaid: true },
  { name: 'expire', from: 'pending_payment', to: 'expired', onlyUnpaid: true },
  { name: 'claim', from: 'paid', to: 'generating', onlyUnpaid: false },
  { name: 'complete', from: 'generating', to: 'completed', onlyUnpaid: false },
  { name: 'giveUp', from: 'generating', to: 'failed', onlyUnpaid: false },
] as const satisfies readonly OrderMove[];

export function canMove(from: OrderStatus, to: OrderStatus): boolean {
  return orderMoves.some((move) => move.from === from && move.to === to);
}
