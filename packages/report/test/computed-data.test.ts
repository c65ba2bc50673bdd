import { expect, test } from '@jest/globals';
import { birthInputSchema, computeChart } from '@mingdan/bazi';
import { cardName, drawCards, languages } from '../src/index.ts';
import { reportOutlook, reportYear } from '../src/outlook.ts';

const chart = computeChart(
  birthInputSchema.parse({ date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' }),
);

test('years and months of the outlook start with the report year, also on a day before its 立春', () => {
  const outlook = reportOutlook(JSON.parse(JSON.stringify(chart)), new Date('2026-01-10T00:00:00Z'));
  expect(outlook?.years.map(({ year, pillar }) => `${year}${pillar}`)).toEqual([
    '2026丙午',
    '2027丁未',
    '2028戊申',
    '2029己酉',
  ]);
  expect(outlook?.months.map(({ pillar }) => pillar).join(' ')).toBe(
    '庚寅 辛卯 壬辰 癸巳 甲午 乙未 丙申 丁酉 戊戌 己亥 庚子 辛丑',
  );
  expect(outlook?.months[0]).toMatchObject({ term: '立春', from: expect.stringContaining('2026-02-04') });
  expect(outlook?.decade).toBe('甲申');
});

test('without a known sex there are years and no decade', () => {
  const noSex = computeChart(birthInputSchema.parse({ date: '1990-05-15' }));
  expect(reportOutlook(noSex, new Date('2026-05-01T00:00:00Z'))).toMatchObject({ decade: null, years: { length: 4 } });
  expect(reportOutlook({ pillars: chart.pillars }, new Date())).toBeUndefined();
});

test('the report year is the current one in China, and in December the coming one', () => {
  expect(reportYear(new Date('2026-11-30T15:00:00Z'))).toBe(2026);
  expect(reportYear(new Date('2026-11-30T17:00:00Z'))).toBe(2027);
  expect(reportYear(new Date('2026-12-31T17:00:00Z'))).toBe(2027);
});

test('three different cards are drawn, for the three places', () => {
  for (let round = 0; round < 300; round++) {
    const cards = drawCards();
    expect(cards.map(({ position }) => position)).toEqual(['past', 'present', 'guidance']);
    expect(new Set(cards.map(({ card }) => card)).size).toBe(3);
  }
});

test('every card of the deck can come, either way up', () => {
  const seen = new Set(
    Array.from({ length: 3000 }, () => drawCards())
      .flat()
      .map(({ card, reversed }) => `${card} ${reversed}`),
  );
  expect(seen.size).toBe(156);
});

test('the 78 cards have 78 names in each language', () => {
  for (const language of languages) {
    const names = Array.from({ length: 78 }, (_, card) => cardName(card, language));
    expect(new Set(names).size).toBe(78);
    expect(names.every((name) => name.length >= 2)).toBe(true);
  }
  expect(cardName(22, 'en')).toBe('Ace of Wands');
  expect(cardName(77, 'zh-CN')).toBe('星币国王');
});
