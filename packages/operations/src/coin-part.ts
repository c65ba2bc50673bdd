import type { Money } from '@mingdan/kernel';
import { coinBalance, dueOf, type Order, useCoins } from '@mingdan/orders';
import { amountIn, worthOfCoins } from './amounts.ts';
import type { OperationDeps } from './contract.ts';
import { closeAtGateways } from './end-unpaid.ts';
import { OperationRefused } from './errors.ts';
import { offersFor, type Surface } from './offer.ts';
import { isPayable } from './start-payment.ts';

/** Coins that may pay a part of an order, the rest of it through a gateway. */
export interface CoinPart {
  readonly coins: number;
  /** what they stand for, in the order's currency */
  readonly worth: Money;
  /** what is left to pay */
  readonly due: Money;
}

/**
 * What its buyer's coins can pay of an order; undefined where they have none or enough for the whole, where money is on its way, or where
 * no gateway takes what is left.
 * @param wanted not more coins than this; as many as they have when left out
 */
export async function coinPartOf(
  deps: OperationDeps,
  order: Order,
  surface: Surface,
  wanted = Number.MAX_SAFE_INTEGER,
): Promise<CoinPart | undefined> {
  const price = order.kind === 'coins' || order.coinsMinor > 0 ? null : amountIn(order, 'COIN', false);
  if (price === null || order.userId === null || !deps.settings.offered.includes('points')) return undefined;
  if (!isPayable(order, deps.clock.now()) || order.paymentSeenAt !== null) return undefined;
  const balance = await coinBalance(deps.db, order.userId);
  if (balance >= price.minor && wanted >= price.minor) return undefined;
  const part = partBy(order, Math.min(balance, wanted));
  if (part.worth.minor < 1 || part.due.minor < 1) return undefined;
  const offers = await offersFor(deps, { ...order, coinsMinor: part.worth.minor }, surface);
  return offers.length > 0 ? part : undefined;
}

/**
 * Takes coins for a part of an order, once; what is left is then asked of the gateways. They come back when the order ends unpaid.
 * @throws OperationRefused not_enough_coins | coins_not_usable
 */
export async function payPartWithCoins(
  deps: OperationDeps,
  order: Order,
  surface: Surface,
  wanted?: number,
): Promise<CoinPart> {
  const { coinsUsed, coinsMinor } = order;
  if (coinsUsed > 0 && (wanted ?? coinsUsed) === coinsUsed)
    return { coins: coinsUsed, worth: { ...order.amount, minor: coinsMinor }, due: dueOf(order) };
  const part = await coinPartOf(deps, order, surface, wanted);
  if (!part || order.userId === null || (wanted !== undefined && part.coins < wanted))
    throw new OperationRefused('coins_not_usable', `no coins pay a part of ${order.orderNo}`);
  await closeWhole(deps, order);
  const { coins, worth } = part;
  const outcome = await useCoins(deps.db, { orderId: order.id, userId: order.userId, coins, minor: worth.minor });
  if (outcome === 'not_enough')
    throw new OperationRefused('not_enough_coins', `coins were spent before ${order.orderNo}`);
  if (outcome !== 'held' && outcome !== 'already')
    throw new OperationRefused('coins_not_usable', `order ${order.orderNo} takes no coins: ${outcome}`);
  deps.log.info({ order_no: order.orderNo, coins }, 'coins pay a part');
  return part;
}

/** Nobody should pay the whole beside it. Who does all the same gets the coins back (migrations/0016, book_payment). */
async function closeWhole(deps: OperationDeps, order: Order): Promise<void> {
  const closed = await closeAtGateways(deps, order);
  if (closed === 'paid' || closed === 'mismatch' || closed === 'processing')
    throw new OperationRefused('coins_not_usable', `money for ${order.orderNo} is there already: ${closed}`);
}

function partBy(order: Order, coins: number): CoinPart {
  const worth = worthOfCoins(order, coins);
  return { coins, worth, due: dueOf({ ...order, coinsMinor: worth.minor }) };
}
