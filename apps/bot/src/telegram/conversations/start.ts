import { listProducts, type Product, rememberPromoter } from '@mingdan/orders';
import { localised, type RenderedButton } from '../../texts.ts';
import type { Talk } from '../talk.ts';
import { chooseProduct } from './buy.ts';
import { claim } from './gift.ts';
import { pricesFor } from './prices.ts';

/** `buy_<slug>`, `ref_<code>`, `buy_<slug>_ref_<code>`, as they stand behind /start. (`gift_<token>` is read apart.) */
export function readDeepLink(payload: string): { slug?: string; promoter?: string } {
  const match = /^(?:buy_([a-z0-9-]{1,40}))?(?:_?ref_([A-Za-z0-9-]{1,32}))?$/.exec(payload.trim());
  return { ...(match?.[1] ? { slug: match[1] } : {}), ...(match?.[2] ? { promoter: match[2] } : {}) };
}

export async function start(talk: Talk, payload: string): Promise<void> {
  const gift = /^gift_(.*)$/.exec(payload.trim())?.[1];
  if (gift !== undefined) return claim(talk, gift);
  const { slug, promoter } = readDeepLink(payload);
  if (promoter !== undefined) await rememberPromoter(talk.services.db, talk.user.id, promoter);
  if (slug !== undefined) return chooseProduct(talk, slug);
  // What was typed before is kept for the product that is chosen now.
  if (talk.session.draft) talk.session.draft = { ...talk.session.draft, product: null, asking: null };
  await showMenu(talk, talk.t('chat.greeting'));
}

/** The order in which the kinds are read, whatever their places in the catalogue. */
const KINDS = ['report', 'membership', 'goods', 'coins'] as const satisfies readonly Product['kind'][];

/** What can be ordered in this chat, by kind, with a sentence above it. @param only one kind, where only that is asked for */
export async function showMenu(talk: Talk, head: string, only?: Product['kind']): Promise<void> {
  const products = await sold(talk, only);
  if (products.length === 0) return talk.say(talk.t('chat.nothing_to_sell'));
  const price = await pricesFor(talk);
  const groups = KINDS.flatMap((kind) => {
    const lines = products
      .filter((product) => product.kind === kind)
      .map((product) =>
        talk.t('chat.menu_line', { name: product.names, price: price(product), description: product.descriptions }),
      );
    return lines.length === 0 ? [] : [[talk.t(`chat.menu_kinds.${kind}`), ...lines].join('\n')];
  });
  await talk.say(
    [head, ...groups].join('\n\n'),
    products.map((product) => [menuButton(talk, product, price(product))]),
  );
}

/** What is sold out is left out. */
async function sold(talk: Talk, only: Product['kind'] | undefined): Promise<Product[]> {
  const products = (await listProducts(talk.services.db)).filter(({ stock }) => stock !== 0);
  return KINDS.filter((kind) => only === undefined || kind === only).flatMap((kind) =>
    products.filter((product) => product.kind === kind),
  );
}

export function menuButton(talk: Talk, product: Product, price: string): RenderedButton {
  const params = { name: localised(product.names, talk.language), price };
  return talk.button('chat.menu_button', `buy:${product.slug}`, params);
}
