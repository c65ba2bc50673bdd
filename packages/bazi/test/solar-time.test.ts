import { describe, expect, test } from '@jest/globals';
import { computeChart, equationOfTime, readBirth } from '../src/index.ts';

const chartOf = (input: Record<string, unknown>) => computeChart(readBirth(input));

function secondsApart(a: string | null, b: string): number {
  return Math.abs(Date.parse(`${a}Z`) - Date.parse(`${b}Z`)) / 1000;
}

describe('true solar time', () => {
  test.each([
    ['Beijing', 116.4074, '1990-05-15', '14:30', '1990-05-15T13:19:19', '癸未', 60],
    ['Chengdu', 104.0667, '1988-07-20', '23:30', '1988-07-20T21:19:55', '己亥', 60],
    ['Urumqi', 87.6005, '1995-02-11', '23:20', '1995-02-11T20:56:08', '壬戌', 0],
    ['Shanghai', 121.47, '2001-11-03', '00:50', '2001-11-03T01:12:18', '丁丑', 0],
  ])('of %s is right to the second, summer time taken off', (_city, longitude, date, time, solar, hour, dst) => {
    const chart = chartOf({ date, time, longitude });
    expect(secondsApart(chart.solarTimeUsed, solar)).toBeLessThanOrEqual(1);
    expect(chart.pillars.hour).toBe(hour);
    expect(chart.correction.dstMinutes).toBe(dst);
  });

  test('keeps within the bounds of the equation of time all year', () => {
    const year = Array.from({ length: 366 }, (_, day) => equationOfTime(Date.UTC(2024, 0, 1 + day) / 1000) / 60);
    expect(Math.min(...year)).toBeGreaterThan(-14.4);
    expect(Math.min(...year)).toBeLessThan(-14.1);
    expect(Math.max(...year)).toBeGreaterThan(16.3);
    expect(Math.max(...year)).toBeLessThan(16.6);
  });

  test('moves day and hour, never year and month: 立春 2000-02-04 20:40 counts by the instant', () => {
    const chart = chartOf({ date: '2000-02-04', time: '20:45', place: '乌鲁木齐' });
    expect(chart.solarTimeUsed?.slice(11, 13)).toBe('18');
    expect(chart.pillars).toMatchObject({ year: '庚辰', month: '戊寅', hour: '己酉' });
    const before = chartOf({ date: '2000-02-04', time: '20:35', longitude: 135 });
    expect(before.solarTimeUsed?.slice(11, 13)).toBe('21');
    expect(before.pillars).toMatchObject({ year: '己卯', month: '丁丑' });
  });

  test('mean solar time leaves the equation out', () => {
    const chart = chartOf({ date: '2001-11-03', time: '12:00', longitude: 121.47, solarTime: 'mean' });
    expect(chart.solarTimeUsed).toBe('2001-11-03T12:05:52');
    expect(chart.correction).toEqual({ dstMinutes: 0, longitudeMinutes: 5.88, equationMinutes: 0, totalMinutes: 5.88 });
  });
});

describe("China's summer time", () => {
  const starts = ['1986-05-04', '1987-04-12', '1988-04-17', '1989-04-16', '1990-04-15', '1991-04-14'];
  const ends = ['1986-09-14', '1987-09-13', '1988-09-11', '1989-09-17', '1990-09-16', '1991-09-15'];
  const dst = (date: string, time: string) => chartOf({ date, time }).correction.dstMinutes;

  test.each(starts)('begins on %s at 02:00, and the skipped hour is asked again', (date) => {
    expect(dst(date, '01:59')).toBe(0);
    expect(dst(date, '03:00')).toBe(60);
    for (const time of ['02:00', '02:30', '02:59']) {
      expect(() => chartOf({ date, time })).toThrow(expect.objectContaining({ code: 'no_such_time', field: 'time' }));
    }
  });

  test.each(ends)('ends on %s at 02:00, and the repeated hour shows both charts', (date) => {
    expect(dst(date, '00:59')).toBe(60);
    expect(dst(date, '02:00')).toBe(0);
    const twice = chartOf({ date, time: '01:30' });
    const warning = twice.warnings.find((entry) => entry.code === 'ambiguous_time');
    expect(warning).toMatchObject({
      candidates: [{ solarTimeUsed: `${date}T00:30:00` }, { solarTimeUsed: `${date}T01:30:00` }],
    });
  });

  test('is left on the clock with solarTime none, as published charts do', () => {
    const chart = chartOf({ date: '1988-07-20', time: '12:30', solarTime: 'none' });
    expect(chart.solarTimeUsed).toBe('1988-07-20T12:30:00');
    expect(chart.correction.dstMinutes).toBe(0);
    expect(chartOf({ date: '1988-04-17', time: '02:30', solarTime: 'none' }).pillars.hour).not.toBeNull();
  });

  test('ran through all of 1943 in Shanghai, and is told', () => {
    const chart = chartOf({ date: '1943-01-10', time: '12:00' });
    expect(chart.solarTimeUsed).toBe('1943-01-10T11:00:00');
    expect(chart.warnings).toContainEqual({ code: 'summer_time_removed', minutes: 60 });
  });
});

describe('zones come from the place', () => {
  test.each([
    ['香港', '1970-07-01', 60],
    ['台北', '1975-07-01', 60],
    ['澳门', '1970-07-01', 60],
    ['纽约', '1990-07-01', 60],
    ['伦敦', '1990-01-10', 0],
    ['悉尼', '1990-01-10', 60],
    ['上海', '1970-07-01', 0],
    ['乌鲁木齐', '1990-07-01', 60],
  ])('%s on %s: %d minutes of summer time', (place, date, minutes) => {
    expect(chartOf({ date, time: '12:00', place }).correction.dstMinutes).toBe(minutes);
  });

  test('London after the double summer time of the war is one hour off its standard time', () => {
    expect(chartOf({ date: '1943-01-10', time: '12:00', place: 'London', solarTime: 'standard' }).solarTimeUsed).toBe(
      '1943-01-10T11:00:00',
    );
  });

  test('a given zone beats that of the place', () => {
    const chart = chartOf({ date: '1990-01-10', time: '10:00', place: '乌鲁木齐', tz: 'Asia/Urumqi' });
    expect(chart.correction.longitudeMinutes).toBeCloseTo(-9.6, 1);
  });

  test('before 1901 Shanghai kept its local mean time', () => {
    expect(chartOf({ date: '1900-06-01', time: '12:00', longitude: 121.4292 }).correction.longitudeMinutes).toBeCloseTo(
      0,
      1,
    );
  });
});
