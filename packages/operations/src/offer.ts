import { row } from '@mingdan/db';
import type { Money } from '@mingdan/kernel';
import { isSubscribable, type Order, readMaintenance } from '@mingdan/orders';
import type { PaymentMethod, ProviderName } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { amountIn, type Priced } from './amounts.ts';
import type { OperationDeps } from './contract.ts';
import { type GatewayHealth, gatewayHealth, isUp } from './gateway-health.ts';

/** Where the buyer is: a chat of Telegram, or a page on a phone or a computer. */
export type Surface = 'chat' | 'phone' | 'computer';

/** A way to pay that can be used now. */
export interface Offer {
  readonly provider: ProviderName;
  readonly method: PaymentMethod;
  /** what an order costs in the method's currency; null where no order is asked about */
  readonly amount: Money | null;
}

export type Buying = Priced & Pick<Order, 'userId' | 'chatId'> & Partial<Pick<Order, 'kind'>>;

/** The ways to pay an order from here, in the seller's order: those that can take its amount and whose gateway is up. */
export async function offersFor(deps: OperationDeps, order: Buying, surface: Surface): Promise<Offer[]> {
  const health = await healthByProvider(deps);
  return candidates(deps, surface, health).flatMap((offer): Offer[] => {
    const amount = payable(deps, order, offer.method);
    return amount === null ? [] : [{ ...offer, amount }];
  });
}

/** The ways to pay at all, for the settings of a shop page: every method of what is offered, without an order. */
export async function offersAtAll(deps: OperationDeps): Promise<Offer[]> {
  const [health, { on }, forStars] = await Promise.all([
    healthByProvider(deps),
    readMaintenance(deps.db),
    isAnythingSoldForStars(deps),
  ]);
  if (on) return [];
  return deps.settings.offered.flatMap((provider) => {
    const known = providerCapabilities.get(provider);
    if (!known || !deps.clients.has(provider) || !isUp(health.get(provider), deps.clock.now())) return [];
    return known.methods
      .filter(({ currency, repeatsDays }) => repeatsDays === undefined && (currency !== 'XTR' || forStars))
      .map((method) => ({ provider, method, amount: null }));
  });
}

/** A way by which an order's product is paid again by itself; undefined where there is none for it, or its buyer has one that runs. */
export async function subscriptionOffer(deps: OperationDeps, order: Order): Promise<Offer | undefined> {
  const health = await healthByProvider(deps);
  for (const provider of deps.settings.offered) {
    const method = providerCapabilities.get(provider)?.methods.find(({ repeatsDays }) => repeatsDays !== undefined);
    if (!method || !deps.clients.has(provider) || !isUp(health.get(provider), deps.clock.now())) continue;
    const amount = payable(deps, order, method);
    if (amount !== null && (await isSubscribable(deps.db, order.id))) return { provider, method, amount };
  }
  return undefined;
}

/** Stars are turned on by prices in Stars, or by their rate where they are listed. */
async function isAnythingSoldForStars({ db, settings }: OperationDeps): Promise<boolean> {
  if (settings.starsByRate) return true;
  return (await row(db, 'select 1 from products where active and price_stars is not null limit 1')) !== undefined;
}

/** What this order is asked for by a method; null where the method cannot take it or cannot serve its buyer. */
export function payable(deps: OperationDeps, order: Buying, method: PaymentMethod): Money | null {
  // At a good rate coins would buy more coins than they cost; and what coins have paid a part of wants other money.
  if (method.currency === 'COIN' && (order.kind === 'coins' || (order.coinsMinor ?? 0) > 0)) return null;
  const amount = amountIn(order, method.currency, deps.settings.starsByRate);
  if (amount === null || amount.minor < method.min || (method.max !== null && amount.minor > method.max)) return null;
  if (method.needs?.includes('account') && order.userId === null) return null;
  if (method.needs?.includes('telegram') && order.chatId === null) return null;
  return amount;
}

function candidates(deps: OperationDeps, surface: Surface, health: ReadonlyMap<string, GatewayHealth>) {
  const { offered, chatStarsOnly } = deps.settings;
  return offered.flatMap((provider) => {
    const known = providerCapabilities.get(provider);
    if (surface === 'chat' && chatStarsOnly && provider !== 'stars') return [];
    if (!known || !deps.clients.has(provider) || !isUp(health.get(provider), deps.clock.now())) return [];
    const name = surface === 'chat' ? known.chat : known.web[surface];
    const method = known.methods.find((each) => each.method === name);
    return method ? [{ provider, method }] : [];
  });
}

async function healthByProvider(deps: OperationDeps): Promise<ReadonlyMap<string, GatewayHealth>> {
  return new Map((await gatewayHealth(deps.db)).map((each) => [each.provider, each]));
}
