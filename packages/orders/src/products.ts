import { type Db, row, rows } from '@mingdan/db';
import type { Localised, Money, OrderKind } from '@mingdan/kernel';

export interface Product {
  readonly id: number;
  readonly slug: string;
  readonly kind: OrderKind;
  readonly names: Localised;
  readonly descriptions: Localised;
  readonly price: Money;
  /** whole Telegram Stars; null = not sold for Stars */
  readonly priceStars: number | null;
  /** what the buyer is asked for */
  readonly input: 'birth' | 'none';
  /** what can be bought now; null = unlimited */
  readonly stock: number | null;
  readonly sort: number;
}

const PRODUCT = `id, slug, kind, names, descriptions, jsonb_build_object('minor', price_minor, 'currency', currency) as price,
  price_stars as "priceStars", input, stock, sort`;

export async function listProducts(db: Db): Promise<Product[]> {
  return rows<Product>(db, `select ${PRODUCT} from products where active order by sort, id`);
}

export async function findProduct(db: Db, slug: string): Promise<Product | undefined> {
  return row<Product>(db, `select ${PRODUCT} from products where slug = :slug and active`, { slug });
}
