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

/** True where a field says something, be it readable or not. */
export function isNamed(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** What a word of a gateway is in ours; undefined for one that the table does not have, be it `constructor`. */
export function translate<T>(words: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(words, word) ? words[word] : undefined;
}

/** RFC 3339, with its own offset. Null where there is none that can be read. */
export function isoDateOf(value: unknown): Date | null {
  const date = typeof value === 'string' ? new Date(value) : null;
  return date === null || Number.isNaN(date.getTime()) ? null : date;
}

/** A JSON object of a gateway: nothing is known of its fields. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of an object inside another one; none where there is no object. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? Object.fromEntries(Object.entries(value)) : {};
}

/** The text of a JSON object as a value; undefined for anything else. A byte order mark is skipped, nesting is no danger. */
export function jsonObject(json: Buffer | string): Fields | undefined {
  try {
    const bytes = typeof json === 'string' ? Buffer.from(json) : json;
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isFields(value) ? fieldsOf(value) : undefined;
  } catch {
    return undefined;
  }
}
