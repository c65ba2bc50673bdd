import { dayText } from '@mingdan/fulfilment';
import { randomToken } from '@mingdan/kernel';
import { membershipOf, type Product } from '@mingdan/orders';
import { localised } from '../../texts.ts';
import { type Card, rememberCard } from '../session.ts';
import type { Talk } from '../talk.ts';
import { extraButtons } from './coupon.ts';
import { cardPrice } from './prices.ts';

/** What needs no question: coins, memberships, goods. The card is shown at once; whatever birth is being typed is left as it is. */
export async function showGoodsCard(
  talk: Talk,
  product: Product,
  card: Card = { id: randomToken(9), product: product.slug, birth: {} },
  replaces?: string,
): Promise<void> {
  const { id, gift } = card;
  const price = await cardPrice(talk, product, card);
  const text = [
    `${talk.t('card.title')}\n\n${talk.t('card.product', { product: product.names, price })}`,
    localised(product.descriptions, talk.language),
    gift ? talk.t('gift.card') : await whatItGives(talk, product),
    talk.t(`refund_rules.${gift ? 'gift' : product.kind}`),
  ];
  await talk.say(text.filter((block) => block !== '').join('\n\n'), [
    [talk.button('confirm', `confirm:${id}`)],
    [talk.button('cancel', `cancel:${id}`)],
    extraButtons(talk, product, card),
  ]);
  rememberCard(talk.session, card, replaces);
}

async function whatItGives(talk: Talk, product: Product): Promise<string> {
  switch (product.kind) {
    case 'coins':
      return talk.t('goods_card.coins', { coins: (product.coins ?? 0) + product.bonusCoins });
    case 'membership': {
      const { active, expiresAt } = await membershipOf(talk.services.db, talk.user.id);
      if (!active || expiresAt === null) return talk.t('goods_card.membership');
      return talk.t('goods_card.membership_longer', { until: dayText(expiresAt) });
    }
    case 'goods':
      return talk.t(product.handedOutBy === 'hand' ? 'goods_card.by_hand' : 'goods_card.codes');
    default:
      return '';
  }
}
