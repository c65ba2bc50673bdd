import { isPayable } from '@mingdan/operations';
import {
  createOrder,
  findOrderByConfirmation,
  MEMBER_READING,
  type Order,
  OrderRefused,
  type Product,
} from '@mingdan/orders';
import { orderBirth } from '../birth/merge.ts';
import type { Card } from '../session.ts';
import type { Talk } from '../talk.ts';
import { priceOfCard, saysMaintenance } from './buy.ts';
import { productOf } from './card.ts';
import { sayNotValid } from './coupon.ts';
import { sayOrder } from './orders.ts';
import { offerPayment } from './pay.ts';
import { showMenu } from './start.ts';

/**
 * `confirm:<id>`: one order out of one card, however often and however late it is pressed. The id is unique in the database; what is
 * looked at before only decides what is said.
 */
export async function confirm(talk: Talk, id: string): Promise<void> {
  const before = await findOrderByConfirmation(talk.services.db, id);
  if (before) return sayAlreadyOrdered(talk, before);
  const card = talk.session.cards.find((one) => one.id === id);
  if (!card) return showMenu(talk, talk.t('chat.old_card'));
  const product = await productOf(talk, card);
  if (!product) return showMenu(talk, talk.t('chat.unknown_product'));
  const made = await makeOrder(talk, card, product);
  if (!made) return;
  const { order, created } = made;
  if (!created) return sayAlreadyOrdered(talk, order);
  talk.services.log.info(
    { order_no: order.orderNo, product: order.productSlug, amount_minor: order.amount.minor },
    'order created',
  );
  await afterOrder(talk, order, id);
}

async function makeOrder(
  talk: Talk,
  card: Card,
  product: Product,
): Promise<{ order: Order; created: boolean } | undefined> {
  const { db, vault, clock, settings, operationDeps } = talk.services;
  const { orderExpiryMinutes, maxOpenOrdersPerBuyer } = operationDeps.settings;
  const input =
    product.input === 'birth' && !card.gift
      ? orderBirth(card.birth, clock.now())
      : { ...(card.question === undefined ? {} : { question: card.question }) };
  try {
    return await createOrder(
      db,
      vault,
      {
        userId: talk.user.id,
        product,
        input,
        language: talk.language,
        confirmationId: card.id,
        baziSource: settings.baziSource,
        expiryMinutes: orderExpiryMinutes,
        maxOpen: maxOpenOrdersPerBuyer,
        memberReading: MEMBER_READING,
        gift: card.gift ?? false,
        ...priceOfCard(card),
      },
      clock,
    );
  } catch (error) {
    if (!(error instanceof OrderRefused)) throw error;
    if (error.code === 'maintenance' && (await saysMaintenance(talk))) return undefined;
    if (error.code === 'sold_out') {
      await showMenu(talk, talk.t('buy.sold_out', { product: product.names }));
      return undefined;
    }
    if (error.code === 'coupon_not_valid') {
      await sayNotValid(talk, card.id);
      return undefined;
    }
    if (error.code === 'gift_not_valid') {
      await talk.say(talk.t('gift.not_yours_any_more'));
      return undefined;
    }
    if (error.code !== 'too_many_open_orders') throw error;
    await talk.say(talk.t('buy.too_many_open', { count: maxOpenOrdersPerBuyer }), [[talk.button('orders', 'orders')]]);
    return undefined;
  }
}

async function afterOrder(talk: Talk, order: Order, id: string): Promise<void> {
  if (talk.session.draft?.id === id) talk.session.draft = null;
  // A free order is paid already: the worker tells of it as soon as it has it.
  if (order.amount.minor === 0) talk.toast = talk.t('buy.ordered_free');
  else await offerPayment(talk, order);
  await talk.dropButtons();
}

/** A second tap: the same order, its payment while it is open, and nothing new. */
async function sayAlreadyOrdered(talk: Talk, order: Order): Promise<void> {
  if (order.userId !== talk.user.id) return showMenu(talk, talk.t('chat.old_card'));
  if (talk.session.draft?.id !== undefined) await dropOrderedDraft(talk);
  if (isPayable(order, talk.services.clock.now())) return offerPayment(talk, order);
  await sayOrder(talk, order, talk.t('buy.already_ordered'));
}

/** The order was made and the process died before the session was saved: the draft is over all the same. */
async function dropOrderedDraft(talk: Talk): Promise<void> {
  const { draft } = talk.session;
  if (draft && (await findOrderByConfirmation(talk.services.db, draft.id))) talk.session.draft = null;
}
