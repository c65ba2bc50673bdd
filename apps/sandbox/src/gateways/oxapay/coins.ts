import { createHash } from 'node:crypto';
import type { Money } from '@mingdan/kernel';
import type { Payment } from '../contract.ts';

export interface Coin {
  readonly symbol: string;
  readonly network: string;
  /** millionths of a USDT for one coin; made up, and the same every day */
  readonly price: bigint;
  /** in the chain before it counts */
  readonly confirmations: number;
}

export const coins: readonly Coin[] = [
  { symbol: 'USDT', network: 'Tron', price: 1_000_000n, confirmations: 19 },
  { symbol: 'TRX', network: 'Tron', price: 281_000n, confirmations: 19 },
  { symbol: 'BTC', network: 'Bitcoin', price: 91_250_000_000n, confirmations: 1 },
  { symbol: 'ETH', network: 'Ethereum', price: 3_120_000_000n, confirmations: 12 },
];

/** What the buyer chose, or would be led to. */
export function coinOf(payment: Payment): Coin {
  const found = coins.find(({ symbol }) => symbol === payment.details.coin) ?? coins[0];
  if (!found) throw new Error('there are no coins');
  return found;
}

/** USDT as so much of a coin, with eight decimals at most, by text. */
export function inCoin({ minor }: Money, coin: Coin): string {
  const units = (BigInt(minor) * 100_000_000n) / coin.price;
  const digits = units.toString().padStart(9, '0');
  return `${digits.slice(0, -8)}.${digits.slice(-8)}`.replace(/\.?0+$/, '');
}

/** An address that looks like one of the coin's chain, always the same for one invoice. */
export function addressOf(payment: Payment, coin: Coin): string {
  const seed = createHash('sha256').update(`${payment.paymentId}:${coin.network}`).digest();
  const hex = seed.toString('hex');
  if (coin.network === 'Ethereum') return `0x${hex.slice(0, 40)}`;
  const letters = seed.toString('base64url').replace(/[^a-z0-9]/gi, '');
  return coin.network === 'Tron' ? `T${letters.slice(0, 33).padEnd(33, 'x')}` : `bc1q${hex.slice(0, 38)}`;
}

export function hashOf(chargeId: string): string {
  return createHash('sha256').update(chargeId).digest('hex');
}
