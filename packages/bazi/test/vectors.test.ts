import { describe, expect, test } from '@jest/globals';
import { type Chart, computeChart, type Derived, derive, readBirth } from '../src/index.ts';
import { type VectorCase, vectorInput, vectors } from './support/vectors.ts';

type Expected = VectorCase['expect'];
const NAMES = ['year', 'month', 'day', 'hour'] as const;

function expectPillars(chart: Chart, expected: Expected): void {
  for (const name of NAMES) {
    if (expected[name] !== undefined) expect(chart.pillars[name]).toBe(expected[name]);
  }
  const branches = NAMES.map((name) => chart.pillars[name]?.charAt(1));
  if (expected.branches) expect(branches).toEqual(expected.branches);
  if (expected.monthBranch) expect(branches[1]).toBe(expected.monthBranch);
}

function expectCalendar(chart: Chart, expected: Expected): void {
  if (expected.lunar) expect(chart.lunarDate).toMatchObject(expected.lunar);
  if (expected.solarDate) expect(chart.solarDate).toBe(expected.solarDate);
  if (expected.zodiac) expect(chart.zodiac.bazi).toBe(expected.zodiac);
  if (expected.dstMinutes !== undefined) expect(chart.correction.dstMinutes).toBe(expected.dstMinutes);
  if (expected.longitudeOffsetMin !== undefined) {
    expect(Math.abs(chart.correction.longitudeMinutes - expected.longitudeOffsetMin)).toBeLessThan(0.02);
  }
  if (expected.trueSolarTime) expect(chart.solarTimeUsed?.slice(11, 16)).toBe(expected.trueSolarTime);
}

/** Order of the middle and residual stem differs between sources: the main one first, the rest as a set. */
function expectList(actual: string[] | undefined, expected: string[]): void {
  expect(actual?.[0]).toBe(expected[0]);
  expect([...(actual ?? [])].sort()).toEqual([...expected].sort());
}

function expectDerived(derived: Derived, expected: Expected): void {
  for (const name of NAMES) {
    const hidden = expected.hiddenStems?.[name];
    if (hidden) expectList(derived.hiddenStems[name] ?? [], hidden);
    const gods = expected.tenGodBranch?.[name];
    if (gods) expectList(derived.tenGods[name]?.branch, gods);
    if (expected.tenGodStem?.[name]) expect(derived.tenGods[name]?.stem).toBe(expected.tenGodStem[name]);
    if (expected.terrain?.[name]) expect(derived.terrain[name]).toBe(expected.terrain[name]);
    if (typeof expected.void === 'object' && expected.void[name]) expect(derived.void[name]).toBe(expected.void[name]);
    if (typeof expected.nayin === 'object' && expected.nayin[name])
      expect(derived.nayin[name]).toBe(expected.nayin[name]);
  }
  if (typeof expected.void === 'string') expect(derived.void.day).toBe(expected.void);
  if (typeof expected.nayin === 'string') expect(derived.nayin.day).toBe(expected.nayin);
  if (expected.xun) expect(derived.xun.day).toBe(expected.xun);
  for (const key of ['bodySign', 'ownSign', 'fetalOrigin', 'fetalBreath'] as const) {
    if (expected[key]) expect(derived[key]).toBe(expected[key]);
  }
}

function expectLuck(chart: Chart, expected: Expected): void {
  const { luck } = chart;
  if (expected.firstDecade) {
    const { pillar, startAge, startYear } = expected.firstDecade;
    expect(luck?.decades[0]).toMatchObject({
      pillar,
      age: startAge ?? expect.any(Number),
      year: startYear ?? expect.any(Number),
    });
  }
  for (const [index, pillar] of Object.entries(expected.decades ?? {})) {
    expect(luck?.decades[Number(index) - 1]?.pillar).toBe(pillar);
  }
  const { date, time, ...after } = expected.luckStart ?? {};
  if (date) expect(luck?.start.slice(0, 10)).toBe(date);
  if (time) expect(luck?.start.slice(11, 16)).toBe(time);
  if (expected.luckStart) expect(luck?.after).toMatchObject(after);
  if (expected.minorLuckFromAge1) {
    expect(luck?.minor?.slice(0, 4).map((year) => year.pillar)).toEqual(expected.minorLuckFromAge1);
  }
  if (expected.minorLuckAtStart) {
    expect(luck?.minor?.find((year) => year.age === luck.startAge)?.pillar).toBe(expected.minorLuckAtStart);
  }
}

const dated = vectors.filter((entry) => entry.input.calendar !== 'pillars');
const bare = vectors.filter((entry) => entry.input.calendar === 'pillars');

describe('published charts', () => {
  test('there are 152 of them', () => {
    expect(vectors).toHaveLength(152);
  });

  test.each(dated.map((entry) => [entry.id, entry] as const))('%s comes out as published', (_id, entry) => {
    const chart = computeChart(readBirth(vectorInput(entry.input)));
    expectPillars(chart, entry.expect);
    expectCalendar(chart, entry.expect);
    expectDerived(chart, entry.expect);
    expectLuck(chart, entry.expect);
  });

  test.each(bare.map((entry) => [entry.id, entry] as const))('%s follows from its pillars alone', (_id, entry) => {
    const one = entry.input.pillar ?? '';
    const [year = one, month = one, day = one, hour = one] = entry.input.pillars ?? [];
    expectDerived(derive({ year, month, day, hour }), entry.expect);
  });
});
