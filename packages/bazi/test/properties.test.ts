import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answerJsonLine, BirthError, computeChart, findPlace, parseBirthLine, readBirth } from '../src/index.ts';

const two = (n: number): string => String(n).padStart(2, '0');
const date = fc
  .date({ min: new Date('1900-01-02T00:00:00Z'), max: new Date('2099-12-30T00:00:00Z'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));
const time = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map(([h, m]) => `${two(h)}:${two(m)}`);
const gender = fc.constantFrom('male', 'female');
const rules = {
  ziHour: fc.constantFrom('23', 'midnight', 'midnight-same'),
  luckRule: fc.constantFrom('default', 'china95', 'lunar1', 'lunar2'),
};
const place = fc.constantFrom('北京', '成都', '乌鲁木齐', '香港', '台北', 'New York', 'London', 'Sydney', null);
const zone = fc.constantFrom(
  'Asia/Shanghai',
  'Asia/Hong_Kong',
  'America/New_York',
  'Europe/London',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Asia/Kathmandu',
);

/** The clock of some zones skips times: that refusal is an answer too. */
function tryChart(input: Record<string, unknown>) {
  try {
    return computeChart(readBirth(input));
  } catch (error) {
    if (error instanceof BirthError && ['no_such_time', 'place_needed'].includes(error.code)) return undefined;
    throw error;
  }
}

describe('for any birth of the 20th and 21st century', () => {
  test('a chart is computed, or the skipped hour is named', () => {
    fc.assert(
      fc.property(
        fc.record({ date, time: fc.option(time), gender: fc.option(gender), place, tz: fc.option(zone), ...rules }),
        (input) => {
          const chart = tryChart(input);
          if (!chart) return;
          const known = Object.values(chart.pillars).filter((pillar) => pillar !== null);
          expect(known.every((pillar) => /^[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]$/.test(pillar))).toBe(true);
          expect(chart.luck === null).toBe(input.gender === null);
          const counted = Object.values(chart.analysis.elements.count).reduce((sum, n) => sum + n, 0);
          expect(counted).toBe(input.time === null ? 6 : 8);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('without the hour all that does not need it is the same', () => {
    fc.assert(
      fc.property(fc.record({ date, time, gender, ...rules }), (input) => {
        const known = tryChart({ ...input, solarTime: 'none' });
        const unknown = tryChart({ ...input, time: null, solarTime: 'none' });
        if (!known || !unknown) return;
        const open = unknown.warnings.some((entry) => entry.code === 'month_two_valued');
        const late = input.time >= '23:00' && input.ziHour === '23';
        if (open || late) return;
        for (const key of ['year', 'month', 'day'] as const) {
          expect(unknown.pillars[key]).toBe(known.pillars[key]);
          expect(unknown.hiddenStems[key]).toEqual(known.hiddenStems[key]);
          expect(unknown.tenGods[key]).toEqual(known.tenGods[key]);
          expect(unknown.nayin[key]).toBe(known.nayin[key]);
          expect(unknown.void[key]).toBe(known.void[key]);
          expect(unknown.analysis.stars[key]).toEqual(known.analysis.stars[key]);
        }
        expect(unknown.fetalOrigin).toBe(known.fetalOrigin);
        expect(unknown.lunarDate).toEqual(known.lunarDate);
        expect(unknown.luck?.forward).toBe(known.luck?.forward);
        expect(unknown.luck?.decades.map(({ pillar }) => pillar)).toEqual(
          known.luck?.decades.map(({ pillar }) => pillar),
        );
        const [first, last] = unknown.luck?.startRange ?? ['', ''];
        const at = (text = ''): number => Date.parse(`${text}Z`) / 86_400_000;
        // The rules add calendar months of unequal length: the ends are good to three days.
        expect(at(known.luck?.start)).toBeGreaterThan(at(first) - 3);
        expect(at(known.luck?.start)).toBeLessThan(at(last) + 3);
      }),
      { numRuns: 50 },
    );
  });

  test('the pillars outside the warned-of minutes do not change within them', () => {
    fc.assert(
      fc.property(fc.record({ date, time }), (input) => {
        const chart = tryChart({ ...input, solarTime: 'none' });
        if (!chart || chart.warnings.some((entry) => entry.code.startsWith('near_'))) return;
        const [h = 0, m = 0] = input.time.split(':').map(Number);
        if (m > 57) return;
        const later = tryChart({ ...input, time: `${two(h)}:${two(m + 2)}`, solarTime: 'none' });
        expect(later?.pillars).toEqual(chart.pillars);
      }),
      { numRuns: 50 },
    );
  });
});

describe('JSON lines', () => {
  test('any text gives one line of JSON, chart or error, and never throws', () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc
        .record({
          date: fc.oneof(date, fc.string()),
          time: fc.option(fc.oneof(time, fc.string())),
          longitude: fc.option(fc.double()),
        })
        .map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(line, (text) => {
        const answer = answerJsonLine(text);
        expect(answer).not.toContain('\n');
        const value: unknown = JSON.parse(answer);
        expect(value).toEqual(expect.objectContaining({}));
        const { error, pillars } = value as { error?: { code: string }; pillars?: unknown };
        expect(error === undefined).not.toBe(pillars === undefined);
      }),
      { numRuns: 150 },
    );
  });

  test('lines out are lines in, in order, and a line that fails stops nothing', () => {
    const lines = [
      '{"date":"1990-05-15","time":"14:30"}',
      'nonsense',
      '{"date":"1990-02-31"}',
      '{"date":"2000-01-01","gender":"female"}',
    ];
    const answers = lines.map((line) => JSON.parse(answerJsonLine(line)));
    expect(answers.map((answer) => answer.error?.code ?? answer.pillars.day)).toEqual([
      '庚辰',
      'bad_format',
      'no_such_date',
      '戊午',
    ]);
    expect(answers[2].error).toEqual({ code: 'no_such_date', message: expect.any(String), field: 'date' });
  });

  test('carry every field that scripts rely on', () => {
    const answer = JSON.parse(answerJsonLine('{"date":"1990-05-15","time":"14:30","place":"北京","gender":"male"}'));
    expect(Object.keys(answer).slice(0, 12)).toEqual(
      'pillars lunarDate solarTimeUsed hiddenStems tenGods nayin void fetalOrigin ownSign bodySign luck warnings'.split(
        ' ',
      ),
    );
    expect(answer).toMatchObject({
      pillars: { year: '庚午', month: '辛巳', day: '庚辰', hour: '癸未' },
      lunarDate: { year: 1990, month: 4, day: 21, leap: false },
      fetalOrigin: '壬申',
      luck: {
        forward: true,
        startAge: 8,
        decades: expect.arrayContaining([expect.objectContaining({ pillar: '壬午', year: 1997, age: 8 })]),
      },
    });
  });
});

describe('free text', () => {
  test('is read without ever throwing', () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom(
        '1990-05-15',
        '男',
        '农历',
        '闰',
        '五月',
        '初三',
        '14:30',
        '晚上12点',
        '子时',
        '北京',
        '99月99日',
        '1990年',
        '：',
        '03/04/1990',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const line = parseBirthLine(pieces.join(' '), new Date('2026-11-21T00:00:00Z'));
        expect(Array.isArray(line.problems)).toBe(true);
        expect(findPlace(pieces.join('')) === undefined || true).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
