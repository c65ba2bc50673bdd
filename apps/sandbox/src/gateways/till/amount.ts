import { formatAmount, type Money } from '@mingdan/kernel';

/** For people: at least two decimals where the currency has so many, and no zeros after them. 2.760000 USDT → 2.76 */
export function readableAmount(amount: Money): string {
  return formatAmount(amount).replace(/(\.\d\d\d*?)0+$/, '$1');
}
