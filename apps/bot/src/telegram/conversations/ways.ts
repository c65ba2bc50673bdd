import { moneyText } from '@mingdan/kernel';
import { type CoinPart, coinPartOf, type Offer, offersFor, subscriptionOffer } from '@mingdan/operations';
import type { Order } from '@mingdan/orders';
import { type ProviderName, providerCapabilities } from '@mingdan/payments/capabilities';
import { localised, type RenderedButton } from '../../texts.ts';
import type { Talk } from '../talk.ts';

/** The ways to pay an order that are open in chat now, in the seller's order. */
export function chatOffers(talk: Talk, order: Order): Promise<Offer[]> {
  return offersFor(talk.services.operationDeps, order, 'chat');
}

/** A way to pay by its own name, with what it costs there where that is another currency than the order's. */
function offerLabel(talk: Talk, order: Order, { provider, amount }: Offer): string {
  const name = providerLabel(talk, provider);
  if (amount === null || amount.currency === order.amount.currency) return name;
  const cost = amount.currency === 'COIN' ? talk.t('buy.coins', { count: amount.minor }) : moneyText(amount);
  return `${name} · ${cost}`;
}

export function providerLabel(talk: Talk, provider: ProviderName): string {
  const names = providerCapabilities.get(provider)?.names;
  return names ? localised(names, talk.language) : provider;
}

/** Every way to pay an order that is open in chat now: once, again by itself, or with coins for a part. */
export interface WaysToPay {
  readonly offers: readonly Offer[];
  readonly subscription: Offer | undefined;
  readonly part: CoinPart | undefined;
}

export async function waysToPay(talk: Talk, order: Order): Promise<WaysToPay> {
  const { operationDeps } = talk.services;
  const [offers, subscription, part] = await Promise.all([
    chatOffers(talk, order),
    subscriptionOffer(operationDeps, order),
    coinPartOf(operationDeps, order, 'chat'),
  ]);
  return { offers, subscription, part };
}

export function payButtons(talk: Talk, order: Order, ways: WaysToPay, head = ''): RenderedButton[][] {
  return [
    ...wayButtons(talk, order, ways.offers, head),
    ...subscribeButton(talk, order, ways.subscription),
    ...partButton(talk, order, ways.part),
  ];
}

function subscribeButton(talk: Talk, order: Order, offer: Offer | undefined): RenderedButton[][] {
  if (!offer?.amount) return [];
  const text = talk.t('buy.subscribe', { amount: moneyText(offer.amount) });
  return [[{ text, callbackData: `subscribe:${order.orderNo}` }]];
}

/** Coins for a part, the rest by another way. */
export function partButton(talk: Talk, order: Order, part: CoinPart | undefined): RenderedButton[][] {
  if (!part) return [];
  const text = talk.t('buy.use_coins', { count: part.coins, due: moneyText(part.due) });
  return [[{ text, callbackData: `coins:${order.orderNo}` }]];
}

/** One button a line, each leading straight to its payment. @param head stands before the name where the message is not about paying alone */
export function wayButtons(talk: Talk, order: Order, offers: readonly Offer[], head = ''): RenderedButton[][] {
  return offers.map((offer) => [
    { text: `${head}${offerLabel(talk, order, offer)}`, callbackData: `pay:${offer.provider}:${order.orderNo}` },
  ]);
}
