/** The longest text of a gateway that we keep. Longer than any order number, so that a cut text never becomes one. */
const LONGEST = 128;

/**
 * Text of a gateway as a database column and a log line can take it. What cannot stay becomes U+FFFD and is not dropped: a strange
 * order number must not turn into one of ours by cleaning.
 */
export function cleanText(text: string): string {
  return text
    .slice(0, LONGEST)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '\uFFFD');
}

/** A JSON value that names something: text, or a number through its own text. Null where there is none. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? cleanText(value) : null;
}

/** The bytes of a JSON object as a value; undefined for anything else. A byte order mark is skipped, nesting is no danger. */
export function jsonObject(bytes: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value));
  } catch {
    return undefined;
  }
}
