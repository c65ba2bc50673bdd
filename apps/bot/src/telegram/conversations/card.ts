import { randomToken } from '@mingdan/kernel';
import { findOrderByConfirmation, findProduct, type Product } from '@mingdan/orders';
import type { Card, Draft } from '../session.ts';
import type { Talk } from '../talk.ts';
import { chooseProduct, showCard } from './buy.ts';
import { showGoodsCard } from './goods-card.ts';
import { sayOrder } from './orders.ts';
import { showMenu } from './start.ts';

const FIELDS = ['name', 'gender', 'date', 'time', 'place', 'product'] as const;

/** What a card's button speaks of, or undefined after saying that the card is void or has its order already. */
export async function openCard(talk: Talk, id: string): Promise<Card | undefined> {
  const order = await findOrderByConfirmation(talk.services.db, id);
  if (order && order.userId === talk.user.id) {
    await sayOrder(talk, order, talk.t('buy.already_ordered'));
    return undefined;
  }
  const card = talk.session.cards.find((one) => one.id === id);
  if (!card) await showMenu(talk, talk.t('chat.old_card'));
  return card;
}

/** `edit:<id>`: which field? */
export async function edit(talk: Talk, id: string): Promise<void> {
  const card = await openCard(talk, id);
  if (!card) return;
  const draft: Draft = { ...card, id: randomToken(9), asking: null, replaces: card.id };
  talk.session.draft = draft;
  await talk.say(
    talk.t('ask.edit'),
    FIELDS.map((field) => [talk.button(`fields.${field}`, `field:${draft.id}:${field}`)]),
  );
}

/** `field:<draft>:<field>`: it is asked anew; the card stays valid as it is until a new one is shown. */
export async function editField(talk: Talk, id: string, field: string): Promise<void> {
  const { draft } = talk.session;
  if (!draft?.product || draft.id !== id) return showMenu(talk, talk.t('chat.old_button'));
  const known = FIELDS.find((one) => one === field);
  if (known === undefined || known === 'product') return showMenu(talk, talk.t('chat.menu_again'));
  const birth = { ...draft.birth };
  delete birth[known];
  if (known === 'date') {
    delete birth.calendar;
    delete birth.leap;
  }
  talk.session.draft = { ...draft, birth };
  await chooseProduct(talk, draft.product);
}

/** `cancel:<id>` */
export async function cancelCard(talk: Talk, id: string): Promise<void> {
  const card = await openCard(talk, id);
  if (!card) return;
  talk.session.cards = talk.session.cards.filter((one) => one.id !== id);
  if (talk.session.draft?.id === id) talk.session.draft = null;
  await talk.dropButtons();
  await talk.say(talk.t('chat.cancelled'), [[talk.button('menu', 'menu')]]);
}

/** `/cancel`: whatever is being typed. */
export async function cancelTyping(talk: Talk): Promise<void> {
  const busy = talk.session.draft !== null || talk.session.waiting !== null;
  const draft = talk.session.draft;
  talk.session.cards = talk.session.cards.filter(({ id }) => id !== draft?.id && id !== draft?.replaces);
  talk.session.draft = null;
  talk.session.waiting = null;
  await talk.say(talk.t(busy ? 'chat.cancelled' : 'chat.nothing_to_cancel'));
}

/** The product of a card, where it is still sold. */
export async function productOf(talk: Talk, card: Card) {
  return card.product === null ? undefined : findProduct(talk.services.db, card.product);
}

/** A card that was changed, under its new id; the one it `replaces` is void. What a report still asks for goes on from it. */
export async function showAgain(talk: Talk, card: Card, product: Product, replaces: string): Promise<void> {
  if (product.kind !== 'report' || card.gift) {
    if (talk.session.draft?.id === replaces) talk.session.draft = null;
    return showGoodsCard(talk, product, card, replaces);
  }
  const draft: Draft = { ...card, asking: 'card', replaces };
  talk.session.draft = draft;
  await showCard(talk, draft, product);
}
