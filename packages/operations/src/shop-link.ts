import type { OperationSettings } from './contract.ts';

/** Where a product can be ordered, or all of them are shown, in that language. */
export function shopLink(
  { publicUrl }: Pick<OperationSettings, 'publicUrl'>,
  product: string | null,
  language: string,
): string {
  return `${publicUrl}/shop${product === null ? '' : `/${product}`}?${new URLSearchParams({ lang: language })}`;
}
