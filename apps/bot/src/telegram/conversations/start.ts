import { formatAmount } from '@mingdan/kernel';
import { listProducts, type Product, rememberPromoter } from '@mingdan/orders';
import { localised, type RenderedButton } from '../../texts.ts';
import type { Talk } from '../talk.ts';
import { chooseProduct } from './buy.ts';

/** `buy_<slug>`, `ref_<code>`, `buy_<slug>_ref_<code>`, as they stand behind /start. */
export function readDeepLink(payload: string): { slug?: string; promoter?: string } {
  const match = /^(?:buy_([a-z0-9-]{1,40}))?(?:_?ref_([A-Za-z0-9-]{1,32}))?$/.exec(payload.trim());
  return { ...(match?.[1] ? { slug: match[1] } : {}), ...(match?.[2] ? { promoter: match[2] } : {}) };
}

export async function start(talk: Talk, payload: string): Promise<void> {
  const { slug, promoter } = readDeepLink(payload);
  if (promoter !== undefined) await rememberPromoter(talk.services.db, talk.user.id, promoter);
  if (slug !== undefined) return chooseProduct(talk, slug);
  // What was typed before is kept for the product that is chosen now.
  if (talk.session.draft) talk.session.draft = { ...talk.session.draft, product: null, asking: null };
  await showMenu(talk, talk.t('chat.greeting'));
}

/** What can be ordered in this chat, with a sentence above it. */
export async function showMenu(talk: Talk, head: string): Promise<void> {
  const products = await reportProducts(talk);
  if (products.length === 0) return talk.say(talk.t('chat.nothing_to_sell'));
  const lines = products.map((product) =>
    talk.t('chat.menu_line', {
      name: product.names,
      price: priceText(talk, product),
      description: product.descriptions,
    }),
  );
  await talk.say(
    `${head}\n\n${lines.join('\n')}`,
    products.map((product) => [menuButton(talk, product)]),
  );
}

async function reportProducts(talk: Talk): Promise<Product[]> {
  const products = await listProducts(talk.services.db);
  return products.filter(({ kind, stock }) => kind === 'report' && stock !== 0);
}

function menuButton(talk: Talk, product: Product): RenderedButton {
  const params = { name: localised(product.names, talk.language), price: priceText(talk, product) };
  return talk.button('chat.menu_button', `buy:${product.slug}`, params);
}

export function priceText(talk: Talk, product: Pick<Product, 'price'>): string {
  const { price } = product;
  return price.minor === 0 ? talk.t('chat.free') : `${formatAmount(price)} ${price.currency}`;
}
