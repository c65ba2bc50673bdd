import { LunarDay } from 'tyme4ts';
import { BirthError } from './birth-error.ts';
import type { BirthInput } from './birth-input.ts';
import { dateText, engineTime, isRealDate, type WallSeconds, wallSeconds } from './civil.ts';
import { equationOfTime } from './solar-time.ts';
import { CHINA_OFFSET, chartOffset, instantsOf, offsetAt, standardOffsetAt, type UtcSeconds } from './zone.ts';

export interface LunarDate {
  year: number;
  /** 1–12 */
  month: number;
  day: number;
  leap: boolean;
  /** 庚午年四月廿一 */
  text: string;
}

export interface BirthDay {
  /** Gregorian (Julian before 1582-10-15) date of the clock */
  solar: { year: number; month: number; day: number };
  lunar: LunarDate;
}

/** One instant, read on the clocks that a chart needs. */
export interface Moment {
  utc: UtcSeconds;
  /** UTC+8: year and month pillar and luck are counted on it */
  china: WallSeconds;
  /** clock of the day and hour pillar: true, mean or standard time of the place */
  solar: WallSeconds;
  correction: Correction;
}

/** What was done to the clock time, minutes; solar = clock − dst + longitude + equation. */
export interface Correction {
  dstMinutes: number;
  longitudeMinutes: number;
  equationMinutes: number;
  totalMinutes: number;
}

function parts(date: string): [number, number, number] {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return [year, month, day];
}

function fromLunar(input: BirthInput): LunarDay {
  const [year, month, day] = parts(input.date);
  if (month < 1 || month > 12 || day < 1 || day > 30) {
    throw new BirthError('no_such_date', 'a lunar month is 1 to 12 and a lunar day 1 to 30', 'date');
  }
  try {
    LunarDay.fromYmd(year, month, 1).getSolarDay();
  } catch (cause) {
    throw new BirthError('not_computable', 'the calendar engine does not reach that lunar year', 'date', cause);
  }
  if (input.leap) {
    try {
      LunarDay.fromYmd(year, -month, 1);
    } catch (cause) {
      throw new BirthError('no_such_leap_month', 'that lunar year does not have this leap month', 'leap', cause);
    }
  }
  try {
    return LunarDay.fromYmd(year, input.leap ? -month : month, day);
  } catch (cause) {
    throw new BirthError('no_such_lunar_day', 'that lunar month has no such day', 'date', cause);
  }
}

function lunarOf(day: LunarDay): LunarDate {
  const month = day.getLunarMonth();
  return {
    year: day.getYear(),
    month: Math.abs(month.getMonthWithLeap()),
    day: day.getDay(),
    leap: month.isLeap(),
    text: day.toString().replace(/^农历/, ''),
  };
}

/** @throws BirthError for days that never were */
export function birthDay(input: BirthInput): BirthDay {
  if (input.calendar === 'lunar') {
    const lunar = fromLunar(input);
    const solar = lunar.getSolarDay();
    return {
      solar: { year: solar.getYear(), month: solar.getMonth(), day: solar.getDay() },
      lunar: lunarOf(lunar),
    };
  }
  const [year, month, day] = parts(input.date);
  if (year < 1 || !isRealDate(year, month, day)) {
    throw new BirthError('no_such_date', 'that day is not in the calendar', 'date');
  }
  try {
    const noon = engineTime(wallSeconds({ year, month, day, hour: 12, minute: 0, second: 0 }));
    return { solar: { year, month, day }, lunar: lunarOf(noon.getSolarDay().getLunarDay()) };
  } catch (cause) {
    if (cause instanceof BirthError) throw cause;
    throw new BirthError('not_computable', 'the calendar engine does not reach that year', 'date', cause);
  }
}

export const solarDateText = (day: BirthDay): string => dateText(day.solar);

/** The clock's reading at birth. @throws BirthError `no_such_time` for 25:00 */
export function clockOf(day: BirthDay, time: string): WallSeconds {
  const [hour = 0, minute = 0, second = 0] = time.split(':').map(Number);
  if (hour > 23 || minute > 59 || second > 59) {
    throw new BirthError('no_such_time', 'a time is 00:00 to 23:59', 'time');
  }
  return wallSeconds({ ...day.solar, hour, minute, second });
}

function momentAt(input: BirthInput, utc: UtcSeconds, clock: WallSeconds): Moment {
  const standard = input.solarTime === 'none' ? clock - utc : standardOffsetAt(input.tz, utc);
  const dst = input.solarTime === 'none' ? 0 : offsetAt(input.tz, utc) - standard;
  const usesPlace = input.solarTime === 'mean' || input.solarTime === 'true';
  if (usesPlace && input.longitude === null) {
    throw input.place === null
      ? new BirthError('place_needed', 'mean and true solar time need a place or a longitude', 'place')
      : new BirthError('unknown_place', 'the place is not in the table', 'place');
  }
  const longitude = usesPlace ? 240 * (input.longitude ?? 0) - standard : 0;
  const equation = input.solarTime === 'true' ? equationOfTime(utc) : 0;
  const minutes = (seconds: number): number => Math.round((seconds / 60) * 100) / 100;
  return {
    utc,
    china: Math.floor(utc + CHINA_OFFSET),
    solar: Math.floor(utc + standard + longitude + equation),
    correction: {
      dstMinutes: minutes(dst),
      longitudeMinutes: minutes(longitude),
      equationMinutes: minutes(equation),
      totalMinutes: minutes(longitude + equation - dst),
    },
  };
}

/** All moments that the clock may mean: two in the hour that repeats when summer time ends, none in the one it skips. */
export function momentsOf(input: BirthInput, clock: WallSeconds): Moment[] {
  if (input.solarTime === 'none') return [momentAt(input, clock - chartOffset(input.tz, clock), clock)];
  return instantsOf(input.tz, clock).map((utc) => momentAt(input, utc, clock));
}

/** As `momentsOf`, first one only; in a gap the moment it began. For the edges of a day whose hour is unknown. */
export function nearestMoment(input: BirthInput, clock: WallSeconds): Moment {
  return momentsOf(input, clock)[0] ?? momentAt(input, clock - offsetAt(input.tz, clock - 86_400), clock);
}
