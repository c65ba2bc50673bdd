import type { Db } from '@mingdan/db';
import { formatAmount } from '@mingdan/kernel';
import { type Language, listProducts, type Product } from '@mingdan/orders';
import { HttpError } from '../../errors.ts';
import { localised } from '../../language.ts';
import { productBySlug } from '../../products-by-slug.ts';

/** The number in `coins-1` is the package's: it stays what it is when others come and go. */
const SLUG = /^coins-(\d{1,6})$/;

export function packageId({ slug }: Product): number | string {
  const number = SLUG.exec(slug)?.[1];
  return number === undefined ? slug : Number(number);
}

/** All that its buyer gets, what is on top among it. */
export function coinsOf({ coins, bonusCoins }: Product): number {
  return (coins ?? 0) + bonusCoins;
}

export async function coinPackages(db: Db): Promise<Product[]> {
  return (await listProducts(db)).filter(({ kind }) => kind === 'coins');
}

/** By its number or its slug. @throws HttpError 404 `package_not_found` */
export async function findPackage(db: Db, id: number | string): Promise<Product> {
  const slug = /^\d{1,6}$/.test(String(id)) ? `coins-${Number(id)}` : String(id);
  const product = await productBySlug(db, slug);
  if (product?.kind !== 'coins')
    throw new HttpError(404, 'package_not_found', 'There is no such package of coins', 'package_id');
  return product;
}

export function packageJson(product: Product, language: Language): object {
  return {
    package_id: packageId(product),
    slug: product.slug,
    name: localised(product.names, language),
    description: localised(product.descriptions, language),
    coins: coinsOf(product),
    bonus_coins: product.bonusCoins,
    price: Number(formatAmount(product.price)),
    currency: product.price.currency,
  };
}
