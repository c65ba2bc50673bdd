import { describe, expect, test } from '@jest/globals';
import { checkSection } from '../src/index.ts';

const chart = {
  pillars: { year: '庚午', month: '辛巳', day: '庚辰', hour: '癸未' },
  luck: {
    decades: [
      { pillar: '壬午', year: 1998, age: 9 },
      { pillar: '癸未', year: 2008, age: 19 },
    ],
  },
  warnings: [],
};
const filler = '这是一段足够长的文字，用来让检查不因为篇幅而失败。';
const check = (text: string, of: unknown = chart) =>
  checkSection(`${text}\n\n${filler}`, { chart: of, language: 'zh-CN' });

describe('a text that claims another pillar is found out', () => {
  test.each([
    '年柱：甲子',
    '你的**日柱**是**甲子**，坐下正印。',
    '**日柱：**甲子，坐下正印。',
    '日柱為甲子',
    '時柱：甲子',
    '月柱（甲子）透出正官',
    '月柱「甲子」透出正官',
    '日柱甲子的人做事有始有终',
    '年柱、月柱分别为庚午、甲子',
    '年柱与月柱都是甲子',
    '四柱：庚午 辛巳 庚辰 甲子',
    '你的八字为庚午、辛巳、甲子、癸未。',
    '你生于庚午年辛巳月甲子日癸未时',
    '| 年柱 | 月柱 | 日柱 | 时柱 |\n|---|---|---|---|\n| 庚午 | 辛巳 | 甲子 | 癸未 |',
    '| 项目 | 年柱 | 月柱 | 日柱 | 时柱 |\n|---|---|---|---|---|\n| 干支 | 庚午 | 辛巳 | 甲子 | 癸未 |',
    '| 柱 | 干支 |\n|---|---|\n| 日柱 | 甲子 |',
    '- 年柱：庚午\n- 日柱：甲子',
    'Your day pillar is Jia Zi (甲子).',
    'Your **Day Pillar**: Jiǎ-Zǐ, water under wood.',
    'The year pillar 甲子 stands for roots.',
  ])('%s', (text) => expect(check(text)).toBe('wrong_pillar'));

  test('any hour pillar is a claim too many where the hour is unknown', () => {
    const unknownHour = { pillars: { ...chart.pillars, hour: null } };
    expect(check('时柱癸未，晚年安稳。', unknownHour)).toBe('wrong_pillar');
    expect(check('时辰不详，所以不谈时柱。', unknownHour)).toBeUndefined();
  });
});

describe('a text that agrees, or talks of other pillars, passes', () => {
  test.each([
    '四柱：庚午 辛巳 庚辰 癸未',
    '你生于庚午年、辛巳月、庚辰日、癸未时。',
    '年柱庚午、月柱辛巳、日柱庚辰、时柱癸未。',
    '由月柱辛巳顺推，第一步大运是壬午，第二步癸未。',
    '2026年丙午流年，与年柱庚午的午火自刑。',
    '丙午年庚寅月，宜静不宜动。',
    '流年年柱为丙午，火势更旺。',
    '今年年柱丙午，本月月柱为庚寅。',
    '2026年的年柱是丙午。',
    '日柱与甲子流年相冲时，容易心浮。',
    '月柱逢壬午大运，事业转入新段。',
    '大运壬午（1998年起），年柱与之同气。',
    '胎元壬申，命宫甲申，日空申酉。',
    '年柱、月柱、日柱里藏着丁己，甲子大运最明显。',
    '| 大运 | 起始 |\n|---|---|\n| 壬午 | 1998 |\n| 癸未 | 2008 |',
    '| 项目 | 年柱 | 月柱 | 日柱 | 时柱 |\n|---|---|---|---|---|\n| 干支 | 庚午 | 辛巳 | 庚辰 | 癸未 |\n| 藏干 | 丁己 | 丙庚戊 | 戊乙癸 | 己丁乙 |',
    'Your day pillar is Geng Chen (庚辰), and 2026 is Bing Wu (丙午).',
    'The year pillar speaks of roots; the decade of Ren Wu follows.',
    "The 2026 year pillar is Bing Wu (丙午), and this month's month pillar is Geng Yin.",
    '日柱庚辰，甲子旬中空申酉。',
    '| 柱 | 干支 |\n|---|---|\n| 日柱 | 庚辰 |',
  ])('%s', (text) => expect(check(text)).toBeUndefined());

  test('near a boundary the other candidate, which the warnings name, may be mentioned', () => {
    const warned = { ...chart, warnings: [{ code: 'near_hour_edge', other: '甲申' }] };
    expect(check('时柱癸未；若早几分钟，时柱为甲申。', warned)).toBeUndefined();
    expect(check('时柱为乙酉。', warned)).toBe('wrong_pillar');
  });

  test('under the heading of a month, its pillar may be called the month pillar, and only that', () => {
    const text = `### 约2026-02-04起\n\n月柱：庚寅。${filler}`;
    expect(checkSection(text, { chart, language: 'zh-CN', periods: ['庚寅'] })).toBeUndefined();
    expect(checkSection(text, { chart, language: 'zh-CN' })).toBe('wrong_pillar');
    expect(checkSection(`日柱：庚寅。${filler}`, { chart, language: 'zh-CN', periods: ['庚寅'] })).toBe('wrong_pillar');
  });

  test('a report without a chart has no pillars to compare', () => {
    expect(checkSection(`年柱：甲子 ${filler}`, { language: 'zh-CN' })).toBeUndefined();
  });
});

test('a text that is too short is no section', () => {
  expect(checkSection('好的。', { chart, language: 'zh-CN' })).toBe('too_short');
  expect(checkSection(filler, { chart, language: 'zh-CN', minChars: 200 })).toBe('too_short');
});

test('a bare refusal is no section, an apology inside a long text is', () => {
  expect(checkSection('抱歉，我无法完成这个请求，请换一个话题试试。', { language: 'zh-CN' })).toBe('refused');
  expect(checkSection("I'm sorry, but I can't help with that request.", { language: 'en' })).toBe('refused');
  expect(checkSection(`很遗憾错过的人，${filler.repeat(10)}`, { language: 'zh-CN' })).toBeUndefined();
});

test('a prompt fence in the text is a leak', () => {
  expect(check('资料在 <DATA-0123456789abcdef> 之间')).toBe('leaked_fence');
});
