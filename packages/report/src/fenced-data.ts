import { createHmac, randomBytes } from 'node:crypto';

/** What a customer typed, and may therefore be anything, also "ignore all instructions". */
export interface CustomerWords {
  name?: string | null | undefined;
  question?: string | null | undefined;
}

const NAME_LENGTH = 40;
const QUESTION_LENGTH = 300;

/** New in each process, so that nobody outside can guess a fence. */
const secret = randomBytes(32);

/** A fence that leaked into a text looks like this. */
export const fencePattern = /DATA-[0-9a-f]{16}/i;

/** Unguessable for who typed the words, yet the same for all sections of an order: the model's prefix cache then serves the data. */
export function fenceFor(content: string): string {
  return `DATA-${createHmac('sha256', secret).update(content).digest('hex').slice(0, 16)}`;
}

/** Control and format characters (bidi overrides, zero width) out, blanks joined, length capped in characters. */
export function cleanWords(text: string, limit: number): string {
  const plain = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return Array.from(plain).slice(0, limit).join('').trim();
}

export function cleanCustomerWords(words: CustomerWords): { name?: string; question?: string } {
  const name = cleanWords(words.name ?? '', NAME_LENGTH);
  const question = cleanWords(words.question ?? '', QUESTION_LENGTH);
  return { ...(name && { name }), ...(question && { question }) };
}

/** Compact JSON that cannot close a Markdown code fence or a placeholder. */
export function compactJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('`', '\\u0060');
}
