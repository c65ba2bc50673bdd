import { formatAmount, type Money, moneyText as plainMoneyText } from '@mingdan/kernel';
import type { Language } from '@mingdan/orders';

/** Names of these are no ISO codes, so Intl has no way to write them. */
const OURS = new Set(['USDT', 'XTR', 'COIN']);

/** An amount as people of that language write it: ¥19.90, 2.85 USDT, 142 ⭐. */
export function moneyText(amount: Money, language: Language): string {
  if (OURS.has(amount.currency)) return plainMoneyText(amount);
  return new Intl.NumberFormat(language, { style: 'currency', currency: amount.currency }).format(
    Number(formatAmount(amount)),
  );
}
