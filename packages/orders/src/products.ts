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
  /** what members pay; null = the same */
  readonly memberPrice: Money | null;
  /** of a coin package: what it holds, and what is given on top */
  readonly coins: number | null;
  readonly bonusCoins: number;
  /** of a membership */
  readonly months: number | null;
  /** of goods: codes that are handed out by themselves, or a person does it */
  readonly handedOutBy: 'codes' | 'hand' | null;
  readonly sort: number;
}

/** Names of products in addresses and files. */
export const slugPattern = /^[a-z0-9-]{1,40}$/;

const PRODUCT = `id, slug, kind, names, descriptions, jsonb_build_object('minor', price_minor, 'currency', currency) as price,
  price_stars as "priceStars", input, stock, coins, bonus_coins as "bonusCoins", months, handed_out_by as "handedOutBy",
  case when member_price_minor is not null then jsonb_build_object('minor', member_price_minor, 'currency', currency) end as "memberPrice", sort`;

export async function listProducts(db: Db): Promise<Product[]> {
  return rows<Product>(db, `select ${PRODUCT} from products where active order by sort, id`);
}

export async function findProductById(db: Db, id: number): Promise<Product | undefined> {
  return row<Product>(db, `select ${PRODUCT} from products where id = :id`, { id });
}

export async function findProduct(db: Db, slug: string): Promise<Product | undefined> {
  return row<Product>(db, `select ${PRODUCT} from products where slug = :slug and active`, { slug });
}
