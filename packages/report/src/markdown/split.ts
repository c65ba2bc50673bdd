/** Telegram's limit of one message, in UTF-16 code units. */
export const TELEGRAM_LIMIT = 4096;

/** Where a text may be cut, best first. Each pattern ends at the cut. */
const BORDERS: readonly RegExp[] = [
  // after a paragraph, but not between a heading and what it heads
  /(?<!^【[^\n]*】)\n(?:[^\S\n]*\n)+/gm,
  /(?<!^【[^\n]*】)\n/gm,
  /[。！？!?…]+[”’」』）)】》]*[^\S\n]*|\.[”’)]*[^\S\n]+/g,
  /[，、；：,;:][^\S\n]*|\s+/g,
];

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Cuts a text into parts that a chat takes, none empty, at paragraphs if it can, else at lines, sentences, blanks, and only
 * then anywhere; never inside a character as a reader sees it, unless that alone is over the limit. Parts are of about even
 * length. All but whitespace at the cuts is kept.
 * @param limit UTF-16 code units, at least 2 (a surrogate pair)
 */
export function splitForTelegram(text: string, limit = TELEGRAM_LIMIT): string[] {
  if (!Number.isInteger(limit) || limit < 2) throw new RangeError('a part holds at least 2 UTF-16 units');
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > limit) {
    const cut = bestCut(rest, limit);
    parts.push(rest.slice(0, cut).trimEnd());
    // Indentation of the next line stays.
    rest = rest.slice(cut).replace(/^(?:[^\S\n]*\n)+/, '');
    if (rest.trim() === '') rest = '';
  }
  return [...parts, rest].filter((part) => part.trim() !== '');
}

/** The border nearest to an even share, between half of that and the limit. */
function bestCut(text: string, limit: number): number {
  const target = Math.ceil(text.length / Math.ceil(text.length / limit));
  const whole = wholeCuts(text, limit);
  // One unit more, so that a border that ends exactly at the limit is seen.
  const window = text.slice(0, limit + 1);
  for (const border of BORDERS) {
    const cuts = [...window.matchAll(border)]
      .map((match) => Math.min(match.index + match[0].length, limit))
      .filter((cut) => cut >= target / 2 && whole.has(cut));
    if (cuts.length > 0) return cuts.reduce((a, b) => (Math.abs(b - target) < Math.abs(a - target) ? b : a));
  }
  return hardCut(text, limit, whole);
}

/** Places up to the limit that lie between two characters as a reader sees them. */
function wholeCuts(text: string, limit: number): Set<number> {
  const starts = [...graphemes.segment(text.slice(0, limit + 64))].map(({ index }) => index);
  return new Set(starts.filter((at) => at > 0 && at <= limit));
}

function hardCut(text: string, limit: number, whole: Set<number>): number {
  if (whole.size > 0) return Math.max(...whole);
  const code = text.charCodeAt(limit - 1);
  return code >= 0xd800 && code <= 0xdbff ? limit - 1 : limit;
}
