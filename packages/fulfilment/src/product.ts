import { MingdanError } from '@mingdan/kernel';
import { findProductById, type Order, type Product } from '@mingdan/orders';
import type { FulfilmentDeps } from './contract.ts';

/** The product of an order, also where it is not sold any more. */
export async function productOf({ db }: FulfilmentDeps, order: Order): Promise<Product> {
  const product = order.productId === null ? undefined : await findProductById(db, order.productId);
  if (product) return product;
  throw new MingdanError('no_product', `the product of ${order.orderNo} is gone`, {
    hint: 'Products are taken off the shelf (active: false), never deleted',
  });
}
