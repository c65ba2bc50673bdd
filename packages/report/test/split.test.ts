import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { splitForTelegram, TELEGRAM_LIMIT, toPlainText } from '../src/index.ts';

const bare = (text: string) => text.replace(/\s+/g, '');

const pieces = fc.constantFrom(
  '字',
  '庚辰',
  '。',
  '！”',
  '. ',
  ' ',
  '\n',
  '\n\n',
  'word',
  '𠮷',
  '👩‍👩‍👧‍👦',
  'é',
  '👍🏽',
  '\r\n',
  '【题】\n\n',
  '、',
  '🇨🇳',
  '  • ',
);
const texts = fc.oneof(
  fc.array(pieces, { maxLength: 400 }).map((parts) => parts.join('')),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
);

describe('parts of any text', () => {
  test('fit the limit, are not empty, and lose nothing but whitespace', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 200 }), (text, limit) => {
        const parts = splitForTelegram(text, limit);
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(limit);
          expect(part.trim()).not.toBe('');
        }
        expect(bare(parts.join(''))).toBe(bare(text));
      }),
      { numRuns: 1500 },
    );
  });

  test('never begin or end inside a surrogate pair, nor inside a character as read while that fits', () => {
    const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
    const count = (text: string) => [...graphemes.segment(text)].length;
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 300 }), fc.integer({ min: 12, max: 100 }), (words, limit) => {
        const text = words.join('');
        const parts = splitForTelegram(text, limit);
        for (const part of parts) expect(part.isWellFormed()).toBe(true);
        const whole = count(bare(text));
        expect(parts.reduce((sum, part) => sum + count(bare(part)), 0)).toBeGreaterThanOrEqual(whole - parts.length);
        expect(parts.some((part) => /^[\u200D\u0301\u{1F3FD}]/u.test(part))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

test('a text that fits stays whole', () => {
  expect(splitForTelegram('一\n\n二')).toEqual(['一\n\n二']);
  expect(splitForTelegram('字'.repeat(TELEGRAM_LIMIT))).toHaveLength(1);
  expect(splitForTelegram('字'.repeat(TELEGRAM_LIMIT + 1)).map((part) => part.length)).toEqual(
    [4096, 1].map(() => expect.any(Number)),
  );
  expect(splitForTelegram(' \n ')).toEqual([]);
});

test('paragraphs come first, then lines, then sentences', () => {
  expect(splitForTelegram('一二三四。五六七八。\n\n甲乙丙丁。戊己庚辛。', 14)).toEqual([
    '一二三四。五六七八。',
    '甲乙丙丁。戊己庚辛。',
  ]);
  expect(splitForTelegram('一二三四。五六七八。\n甲乙丙丁。戊己庚辛。', 14)).toEqual([
    '一二三四。五六七八。',
    '甲乙丙丁。戊己庚辛。',
  ]);
  expect(splitForTelegram('一二三四五六七。“八九十甲乙。”丙丁戊己。', 18)).toEqual([
    '一二三四五六七。',
    '“八九十甲乙。”丙丁戊己。',
  ]);
  expect(splitForTelegram('Version 1.5 is good. It has no faults at all.', 26)).toEqual([
    'Version 1.5 is good.',
    'It has no faults at all.',
  ]);
});

test('a heading is not left behind at the foot of a part', () => {
  const text = `${'甲'.repeat(30)}。\n\n【事业】\n\n${'乙'.repeat(30)}。`;
  expect(splitForTelegram(text, 45)).toEqual([`${'甲'.repeat(30)}。`, `【事业】\n\n${'乙'.repeat(30)}。`]);
});

test('the indent of a nested list survives a cut before it', () => {
  const text = `• ${'甲'.repeat(20)}\n  • ${'乙'.repeat(20)}`;
  expect(splitForTelegram(text, 30)).toEqual([`• ${'甲'.repeat(20)}`, `  • ${'乙'.repeat(20)}`]);
});

test('parts of a long report are of about even length', () => {
  const markdown = Array.from({ length: 60 }, (_, index) => `### 第${index}段\n\n${'这是一句话。'.repeat(30)}`).join(
    '\n\n',
  );
  const parts = splitForTelegram(toPlainText(markdown));
  expect(parts).toHaveLength(3);
  for (const part of parts) expect(part.length).toBeGreaterThan(3000);
});

test('a text without any border is cut hard, and fast', () => {
  const started = Date.now();
  const parts = splitForTelegram('𠮷'.repeat(200_000));
  expect(parts.every((part) => part.isWellFormed() && part.length <= TELEGRAM_LIMIT)).toBe(true);
  expect(Date.now() - started).toBeLessThan(5000);
});

test('a limit that cannot hold a character is refused', () => {
  expect(() => splitForTelegram('a', 1)).toThrow(RangeError);
});
