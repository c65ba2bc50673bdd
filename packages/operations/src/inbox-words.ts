import type { Vault } from '@mingdan/kernel';

/** Whose words they are: of a buyer who asks, or of the operators who answer. */
type Words = 'reason' | 'reply';

/** What a person wrote in a matter of the inbox may be personal: its `details` hold it sealed, as every text of theirs. */
export function sealWords(vault: Vault, words: Words, text: string): string {
  return vault.seal(`inbox_items.${words}`, text).toString('base64');
}

/** What `details.reason` or `details.reply` says; null where the key that sealed it is gone. */
export function openWords(vault: Vault, words: Words, sealed: string): string | null {
  try {
    return String(vault.open(`inbox_items.${words}`, Buffer.from(sealed, 'base64')));
  } catch {
    return null;
  }
}
