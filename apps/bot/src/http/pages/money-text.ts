import { formatAmount, type Money } from '@mingdan/kernel';
import type { Language } from '@mingdan/orders';

/** Names of these are no ISO codes, so Intl has no way to write them. */
const OURS = new Set(['USDT', 'XTR', 'COIN']);
const SIGNS: Readonly<Record<string, string>> = { XTR: '⭐', COIN: '🪙' };

/** An amount as people of that language write it: ¥19.90, 2.85 USDT, 142 ⭐. */
export function moneyText(amount: Money, language: Language): string {
  if (OURS.has(amount.currency)) {
    const digits = formatAmount(amount).replace(/(\.\d\d\d*?)0+$/, '$1');
    return `${digits} ${SIGNS[amount.currency] ?? amount.currency}`;
  }
  return new Intl.NumberFormat(language, { style: 'currency', currency: amount.currency }).format(
    Number(formatAmount(amount)),
  );
}
