import { z } from 'zod';

/** How many of the next ones; null = all until it is switched off. */
const next = z.number().int().min(0).max(10_000).nullable();

/** What can go wrong with a gateway's notices. */
export const noticeFaults = z.object({
  /** further copies of each notice, sent at once */
  repeat: z.number().int().min(0).max(100),
  /** a payment is told as "paid" first, and a stale "failed" after it, where the gateway has such a notice */
  outOfOrder: z.boolean(),
  /** how many of the next notices never leave */
  lose: next,
  /** each notice leaves that much later, milliseconds: what happens meanwhile overtakes it */
  lateMs: z.number().int().min(0).max(3_600_000),
  /** how many of the next tries leave with another byte than was signed */
  corrupt: next,
  /** how many of the next tries are signed with a time a day ago, where the gateway signs a time */
  stale: next,
});

export const refundModes = ['succeed', 'stay_pending', 'fail'] as const;

/** Beside slow, fail and drop, which every service has. */
export const gatewayFaults = z.object({ notices: noticeFaults, refunds: z.enum(refundModes) });
export type GatewayFaults = z.infer<typeof gatewayFaults>;

export const noGatewayFaults: GatewayFaults = {
  notices: { repeat: 0, outOfOrder: false, lose: 0, lateMs: 0, corrupt: 0, stale: 0 },
  refunds: 'succeed',
};

/** The part of the fault board that a notice sender asks. */
export interface NoticeFaults {
  read(): GatewayFaults['notices'];
  takeLost(): boolean;
  takeCorrupt(): boolean;
  takeStale(): boolean;
}

/** True: the fault plays this time. Counts down, in place. */
export function takeOne(board: GatewayFaults['notices'], name: 'lose' | 'corrupt' | 'stale'): boolean {
  const left = board[name];
  if (left === null) return true;
  if (left === 0) return false;
  board[name] = left - 1;
  return true;
}
