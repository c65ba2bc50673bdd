import { describe, expect, test } from '@jest/globals';
import { DefaultEightCharProvider, LunarHour, LunarSect2EightCharProvider, SolarTime } from 'tyme4ts';
import { checkBirth, checkOrderBirth, computeChart, readBirth } from '../src/index.ts';
import { dayAndHour } from '../src/pillars.ts';

const chartOf = (input: Record<string, unknown>, now?: Date) => computeChart(readBirth(input), now);
const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
};

describe('schools of 子时', () => {
  test.each([
    ['23', '己未', '甲子'],
    ['midnight', '戊午', '甲子'],
    ['midnight-same', '戊午', '壬子'],
  ])('%s: 2000-01-01 23:30 is day %s, hour %s', (ziHour, day, hour) => {
    expect(chartOf({ date: '2000-01-01', time: '23:30', ziHour }).pillars).toMatchObject({ day, hour });
  });

  test('agree after midnight', () => {
    for (const ziHour of ['23', 'midnight', 'midnight-same']) {
      expect(chartOf({ date: '2000-01-02', time: '00:30', ziHour }).pillars).toMatchObject({
        day: '己未',
        hour: '甲子',
      });
    }
  });

  test('two of them are those of the calendar library, day by day and hour by hour', () => {
    for (let step = 0; step < 150; step += 1) {
      const t = SolarTime.fromYmdHms(1984, 3, 1, 0, 20, 0).next(step * 23 * 3600);
      const solar = Date.UTC(t.getYear(), t.getMonth() - 1, t.getDay(), t.getHour(), 20) / 1000;
      for (const [ziHour, provider] of [
        ['23', new DefaultEightCharProvider()],
        ['midnight', new LunarSect2EightCharProvider()],
      ] as const) {
        LunarHour.provider = provider;
        const eight = t.getLunarHour().getEightChar();
        const ours = dayAndHour(solar, ziHour);
        expect(`${ours.day} ${ours.hour}`).toBe(`${eight.getDay().getName()} ${eight.getHour().getName()}`);
      }
    }
  });
});

describe('大运', () => {
  test.each([
    ['default', '2030-12-12T07:19'],
    ['lunar2', '2030-12-12T06:51'],
    ['china95', '2030-12-11T20:51'],
    ['lunar1', '2030-12-19T20:51'],
  ])('by rule %s starts at %s', (luckRule, start) => {
    const chart = chartOf({ date: '2022-03-09', time: '20:51', gender: 'male', luckRule });
    expect(chart.luck?.start.slice(0, 16)).toBe(start);
    expect(chart.luck?.rule).toBe(luckRule);
  });

  test('runs forward for a yang year and a man, backward for a woman', () => {
    const birth = { date: '1990-05-15', time: '14:30' };
    const man = chartOf({ ...birth, gender: 'male' }).luck;
    const woman = chartOf({ ...birth, gender: 'female' }).luck;
    expect([man?.forward, man?.decades[0]?.pillar]).toEqual([true, '壬午']);
    expect([woman?.forward, woman?.decades[0]?.pillar]).toEqual([false, '庚辰']);
  });

  test('without a gender is left out, and both directions are told', () => {
    const chart = chartOf({ date: '1990-05-15', time: '14:30' });
    expect(chart.luck).toBeNull();
    expect(chart.warnings).toContainEqual(
      expect.objectContaining({
        code: 'gender_unknown',
        ifMale: expect.objectContaining({ forward: true }),
        ifFemale: expect.objectContaining({ forward: false }),
      }),
    );
  });
});

describe('borders within three minutes show both sides', () => {
  test('a 节: 小寒 2026-01-05 16:23:07, a birth at 16:23 is before it', () => {
    const chart = chartOf({ date: '2026-01-05', time: '16:23', gender: 'male' });
    expect(chart.pillars.month).toBe('戊子');
    expect(chart.warnings).toContainEqual({
      code: 'near_term',
      term: '小寒',
      at: expect.stringMatching(/^2026-01-05T16:23:(0|10)/),
      candidates: [
        { year: '乙巳', month: '戊子' },
        { year: '乙巳', month: '己丑' },
      ],
    });
    expect(chartOf({ date: '2026-01-05', time: '16:24' }).pillars.month).toBe('己丑');
  });

  test('a double hour', () => {
    const chart = chartOf({ date: '2024-06-20', time: '10:58' });
    expect(chart.warnings).toContainEqual(
      expect.objectContaining({
        code: 'near_hour_edge',
        edge: '11:00',
        candidates: [expect.anything(), expect.anything()],
      }),
    );
    expect(
      chartOf({ date: '2024-06-20', time: '10:56' }).warnings.some((entry) => entry.code === 'near_hour_edge'),
    ).toBe(false);
    expect(
      chartOf({ date: '2024-06-20', time: '12:01' }).warnings.some((entry) => entry.code.startsWith('near_')),
    ).toBe(false);
  });

  test.each([
    ['23', '23:01', 'near_day_edge', '23:00'],
    ['midnight', '23:01', 'near_hour_edge', '23:00'],
    ['midnight', '00:01', 'near_day_edge', '00:00'],
    ['midnight-same', '23:59', 'near_day_edge', '00:00'],
  ])('the day, school %s at %s', (ziHour, time, code, edge) => {
    const codes = chartOf({ date: '2024-06-20', time, ziHour }).warnings;
    expect(codes).toContainEqual(expect.objectContaining({ code, edge }));
  });
});

describe('hour unknown', () => {
  test('leaves out what the hour decides and gives the start of luck as a range', () => {
    const chart = chartOf({ date: '1990-05-15', gender: 'male', place: '成都' });
    expect(chart.pillars).toEqual({ year: '庚午', month: '辛巳', day: '庚辰', hour: null });
    expect([chart.ownSign, chart.bodySign, chart.solarTimeUsed, chart.luck?.minor]).toEqual([null, null, null, null]);
    expect([chart.hiddenStems.hour, chart.tenGods.hour, chart.nayin.hour, chart.analysis.stars.hour]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    const [first, last] = chart.luck?.startRange ?? ['', ''];
    expect(Date.parse(`${last}Z`) - Date.parse(`${first}Z`)).toBeGreaterThan(100 * 86_400_000);
    expect(chart.warnings).toContainEqual({ code: 'hour_unknown', otherDays: ['己卯'] });
  });

  test('on the day of 立春 says that year and month may be two', () => {
    expect(chartOf({ date: '2000-02-04' }).warnings).toContainEqual(
      expect.objectContaining({
        code: 'month_two_valued',
        term: '立春',
        candidates: [
          { year: '己卯', month: '丁丑' },
          { year: '庚辰', month: '戊寅' },
        ],
      }),
    );
  });
});

describe('calendars', () => {
  test.each([
    [{ date: '1990-02-31' }, 'no_such_date'],
    [{ date: '1582-10-10' }, 'no_such_date'],
    [{ date: '1900-02-29' }, 'no_such_date'],
    [{ date: '1990-13-01' }, 'no_such_date'],
    [{ date: '0000-01-01' }, 'no_such_date'],
    [{ calendar: 'lunar', date: '1990-13-01' }, 'no_such_date'],
    [{ calendar: 'lunar', date: '1990-04-03', leap: true }, 'no_such_leap_month'],
    [{ calendar: 'lunar', date: '1990-05-30', leap: true }, 'no_such_lunar_day'],
    [{ date: '1990-05-15', time: '24:00' }, 'no_such_time'],
    [{ date: '1990-05-15', time: '2pm' }, 'bad_format'],
    [{ date: '15.5.1990' }, 'bad_format'],
    [{ date: '1990-05-15', gender: 'x' }, 'bad_format'],
    [{ date: '1990-05-15', tz: 'Mars/Olympus' }, 'unknown_zone'],
    [{ date: '1990-05-15', tz: '+08:00' }, 'unknown_zone'],
    [{ date: '1990-05-15', time: '12:00', place: '亚特兰蒂斯' }, 'unknown_place'],
    [{ date: '1990-05-15', time: '12:00', solarTime: 'true' }, 'place_needed'],
    [{ date: '0001-01-01' }, 'not_computable'],
  ])('%j is refused as %s', (input, code) => {
    expect(codeOf(() => chartOf(input))).toBe(code);
  });

  test('1500-02-29 was a day of the Julian calendar', () => {
    const chart = chartOf({ date: '1500-02-29', time: '12:00' });
    expect(chart.pillars.day).toBe('乙酉');
    expect(chart.warnings).toContainEqual({ code: 'mean_terms_era' });
  });

  test('a birthday between 正月初一 and 立春 has two animals', () => {
    const chart = chartOf({ calendar: 'lunar', date: '1984-12-20', time: '12:00' });
    expect(chart.zodiac).toEqual({ bazi: '牛', daily: '鼠' });
    expect(chart.warnings).toContainEqual({ code: 'zodiac_differs', bazi: '牛', daily: '鼠' });
  });

  test('the last computable day has a chart without what lies beyond it', () => {
    const chart = chartOf({ date: '9999-12-31', time: '23:59', gender: 'male' });
    expect(chart.pillars.hour).not.toBeNull();
    expect(chart.warnings).toContainEqual({ code: 'luck_beyond_engine' });
  });
});

describe('what an order accepts', () => {
  const now = new Date('2026-11-21T04:00:00Z');

  test.each([
    [{ date: '1899-12-31', time: '12:00' }, 'before_1900'],
    [{ date: '2026-11-22' }, 'in_the_future'],
    [{ date: '2026-11-21', time: '12:01' }, 'in_the_future'],
    [{ date: '2026-11-21', time: '12:00', place: 'New York' }, 'in_the_future'],
    [{ calendar: 'lunar', date: '2026-12-30' }, 'no_such_lunar_day'],
    [{ calendar: 'lunar', date: '2026-12-29' }, 'in_the_future'],
    [{ date: '1988-04-17', time: '02:30' }, 'no_such_time'],
  ])('not %j: %s', (input, code) => {
    expect(codeOf(() => checkBirth(input, now))).toBe(code);
  });

  test('a birth this minute, one today with the hour unknown, and the first day of 1900', () => {
    expect(checkBirth({ date: '2026-11-21', time: '12:00' }, now).solarTime).toBe('standard');
    expect(checkBirth({ date: '2026-11-21' }, now).time).toBeNull();
    expect(checkBirth({ date: '1900-01-01', time: '00:00', place: '上海' }, now).longitude).toBe(121.47);
    expect(checkBirth({ calendar: 'lunar', date: '1899-12-01' }, now).calendar).toBe('lunar');
  });

  test('reading an accepted birth again changes nothing, and the name comes along', () => {
    const birth = checkOrderBirth({ date: '1990-05-15', time: '14:30', place: '北京', name: ' 张三 ' }, now);
    expect(birth.name).toBe('张三');
    expect(checkOrderBirth(birth, now)).toEqual(birth);
  });

  test('a complaint never repeats what was typed', () => {
    try {
      checkBirth({ date: '1990-05-15', time: '14:30', place: '张三的家' }, now);
    } catch (error) {
      expect(String(error)).not.toContain('张三');
    }
    expect.assertions(1);
  });
});

describe('readings for the prompt', () => {
  const chart = chartOf(
    { date: '1990-05-15', time: '14:30', place: '北京', gender: 'male' },
    new Date('2026-11-21T12:00:00Z'),
  );

  test('count, season, strength and relations of 庚午 辛巳 庚辰 癸未', () => {
    const { dayMaster, elements, season, strength, relations } = chart.analysis;
    expect(dayMaster).toEqual({ stem: '庚', element: '金', yinYang: '阳' });
    expect(elements.count).toEqual({ 木: 0, 火: 2, 土: 2, 金: 3, 水: 1 });
    expect(season).toEqual({ 木: '休', 火: '旺', 土: '相', 金: '死', 水: '囚' });
    expect(strength).toMatchObject({ score: 52, label: '中和', inSeason: false, roots: ['month'], supporters: 2 });
    expect(relations.map(({ kind, characters }) => `${kind}${characters}`)).toEqual(['六合午未', '三会巳午未']);
    expect(chart.analysis.stars.day).toContain('魁罡');
  });

  test('current year, its months and the running decade', () => {
    const outlook = chart.analysis.outlook;
    expect(outlook?.years.map(({ year, pillar }) => `${year}${pillar}`)).toEqual([
      '2026丙午',
      '2027丁未',
      '2028戊申',
      '2029己酉',
    ]);
    expect(outlook?.years[0]).toMatchObject({ age: 37, stemGod: '七杀' });
    expect(outlook?.months.map(({ pillar }) => pillar).join(' ')).toBe(
      '庚寅 辛卯 壬辰 癸巳 甲午 乙未 丙申 丁酉 戊戌 己亥 庚子 辛丑',
    );
    expect([outlook?.decade, outlook?.decadeYears.length]).toEqual(['甲申', 10]);
  });

  test('the year turns at 立春 and not in January', () => {
    const january = chartOf({ date: '1990-05-15' }, new Date('2027-01-20T00:00:00Z')).analysis.outlook;
    expect(january?.years[0]?.pillar).toBe('丙午');
  });

  test.each([
    ['2004-01-22', '三会', '巳午未'],
    ['2000-08-08', '半合', '申辰'],
  ])('relations of %s do not invent %s %s', (date, kind, characters) => {
    const found = chartOf({ date, time: '12:00' }).analysis.relations;
    expect(found.some((relation) => relation.kind === kind && relation.characters === characters)).toBe(false);
  });
});
