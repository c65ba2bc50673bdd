import type { orderStatusJson } from '@mingdan/operations';
import type { Order, RefundStatus } from '@mingdan/orders';

export type OrderStatusJson = ReturnType<typeof orderStatusJson>;

/** What an order looks like to its buyer; each has its texts under `state.` in the locale files. */
export type ShownState =
  | 'unpaid'
  | 'processing'
  | 'codeWaiting'
  | 'held'
  | 'overdue'
  | 'paid'
  | 'working'
  | 'sending'
  | 'done'
  | 'parked'
  | 'refundUnderWay'
  | 'refundByHand'
  | 'refunded'
  | 'failedFree'
  | 'failedUnrefunded'
  | 'paymentFailed'
  | 'cancelled'
  | 'expired';

/** What is true of the order and its money right now. The money comes first: who waits for it back wants to read that. */
export function shownState(
  order: Pick<Order, 'status' | 'reason' | 'paidAt' | 'delivery' | 'amount' | 'expiresAt' | 'paymentSeenAt'>,
  refund: RefundStatus | 'none',
  now: Date,
  { held = false, codeWaits = false }: { readonly held?: boolean; readonly codeWaits?: boolean } = {},
): ShownState {
  if (refund === 'succeeded') return 'refunded';
  if (refund === 'failed' || refund === 'manual') return 'refundByHand';
  if (refund !== 'none') return 'refundUnderWay';
  switch (order.status) {
    case 'pending_payment':
      if (held) return 'held';
      // No gateway sees that money: only whoever redeems the code does.
      if (codeWaits) return 'codeWaiting';
      if (order.paymentSeenAt !== null) return 'processing';
      return order.expiresAt > now ? 'unpaid' : 'overdue';
    case 'paid':
      return 'paid';
    case 'generating':
      return order.delivery === 'none' ? 'working' : 'sending';
    case 'completed':
      return order.delivery === 'parked' ? 'parked' : 'done';
    case 'expired':
      return order.reason === 'cancelled' ? 'cancelled' : 'expired';
    case 'failed':
      if (order.paidAt === null) return 'paymentFailed';
      return order.amount.minor === 0 ? 'failedFree' : 'failedUnrefunded';
  }
}

interface Looks {
  /** colour and mark of the headline */
  readonly tone: 'waiting' | 'working' | 'done' | 'trouble' | 'ended';
  /** which of the four steps is the present one; null where the order left the usual way */
  readonly step: 0 | 1 | 2 | 3 | null;
  /** how soon news may come, in seconds: pages without scripts load again by it; null: nothing comes any more, and nobody asks */
  readonly poll: number | null;
}

const SOON = 3;
/** Late money revives an order, and an operator's answer may come in hours: worth a look, not a hurry. */
const SOMETIME = 30;

export const looks: Record<ShownState, Looks> = {
  unpaid: { tone: 'waiting', step: 1, poll: SOON },
  processing: { tone: 'working', step: 1, poll: SOON },
  codeWaiting: { tone: 'waiting', step: 1, poll: SOMETIME },
  held: { tone: 'trouble', step: 1, poll: SOMETIME },
  overdue: { tone: 'waiting', step: 1, poll: SOON },
  paid: { tone: 'working', step: 2, poll: SOON },
  working: { tone: 'working', step: 2, poll: SOON },
  sending: { tone: 'working', step: 3, poll: SOON },
  done: { tone: 'done', step: null, poll: null },
  parked: { tone: 'waiting', step: null, poll: SOMETIME },
  refundUnderWay: { tone: 'waiting', step: null, poll: SOON },
  refundByHand: { tone: 'trouble', step: null, poll: SOMETIME },
  refunded: { tone: 'ended', step: null, poll: null },
  failedFree: { tone: 'trouble', step: null, poll: null },
  failedUnrefunded: { tone: 'trouble', step: null, poll: SOON },
  paymentFailed: { tone: 'trouble', step: null, poll: SOMETIME },
  cancelled: { tone: 'ended', step: null, poll: SOMETIME },
  expired: { tone: 'ended', step: null, poll: SOMETIME },
};

/** States in which money is here and none of it is on its way back. */
export const REFUNDABLE: readonly ShownState[] = ['paid', 'working', 'sending', 'done', 'parked'];

/** Changes exactly when the page must be drawn anew; `assets/live.js` composes the same of what the API says. */
export function fingerprint(status: OrderStatusJson): string {
  const parts = [status.status, status.payment_status, status.refund_status, status.delivery ?? 'none'];
  return [...parts, ...(status.held ? ['held'] : [])].join('.');
}
