import { SolarTime } from 'tyme4ts';
import { BirthError } from './birth-error.ts';

/**
 * Wall-clock readings as plain seconds since 1970-01-01 00:00 of the same clock, so that shifting by minutes is addition.
 * Dates before 1582-10-15 are Julian, as in almanacs and in tyme4ts.
 */
export type WallSeconds = number;

export const DAY = 86_400;
const EPOCH_JDN = 2_440_588;
const FIRST_GREGORIAN_JDN = 2_299_161;

export interface Civil {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

function isGregorian(year: number, month: number, day: number): boolean {
  return year * 10_000 + month * 100 + day >= 15_821_015;
}

/** Days since 1970-01-01. Richards' algorithm on the Julian Day Number. */
export function dayNumber(year: number, month: number, day: number): number {
  const a = Math.floor((14 - month) / 12);
  const y = year + 4800 - a;
  const m = month + 12 * a - 3;
  const common = day + Math.floor((153 * m + 2) / 5) + 365 * y + Math.floor(y / 4);
  const jdn = isGregorian(year, month, day)
    ? common - Math.floor(y / 100) + Math.floor(y / 400) - 32_045
    : common - 32_083;
  return jdn - EPOCH_JDN;
}

function dateOfDay(dayOfEpoch: number): { year: number; month: number; day: number } {
  const jdn = dayOfEpoch + EPOCH_JDN;
  let c = jdn + 32_082;
  let b = 0;
  if (jdn >= FIRST_GREGORIAN_JDN) {
    const a = jdn + 32_044;
    b = Math.floor((4 * a + 3) / 146_097);
    c = a - Math.floor((146_097 * b) / 4);
  }
  const d = Math.floor((4 * c + 3) / 1461);
  const e = c - Math.floor((1461 * d) / 4);
  const m = Math.floor((5 * e + 2) / 153);
  return {
    year: 100 * b + d - 4800 + Math.floor(m / 10),
    month: m + 3 - 12 * Math.floor(m / 10),
    day: e - Math.floor((153 * m + 2) / 5) + 1,
  };
}

/** True for days that were in the calendar; 1582-10-05..14 and 31 April were not. */
export function isRealDate(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  const back = dateOfDay(dayNumber(year, month, day));
  return back.year === year && back.month === month && back.day === day;
}

export function wallSeconds(civil: Civil): WallSeconds {
  return dayNumber(civil.year, civil.month, civil.day) * DAY + civil.hour * 3600 + civil.minute * 60 + civil.second;
}

export function civilOf(seconds: WallSeconds): Civil {
  const whole = Math.floor(seconds);
  const day = Math.floor(whole / DAY);
  const rest = whole - day * DAY;
  return {
    ...dateOfDay(day),
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
  };
}

const two = (n: number): string => String(n).padStart(2, '0');

export function dateText(civil: Pick<Civil, 'year' | 'month' | 'day'>): string {
  return `${String(civil.year).padStart(4, '0')}-${two(civil.month)}-${two(civil.day)}`;
}

/** `1990-05-15T13:19:19`, no zone: a clock reading. */
export function wallText(seconds: WallSeconds): string {
  const c = civilOf(seconds);
  return `${dateText(c)}T${two(c.hour)}:${two(c.minute)}:${two(c.second)}`;
}

/** @throws BirthError `not_computable` outside the years that tyme4ts computes */
export function engineTime(seconds: WallSeconds): SolarTime {
  const c = civilOf(seconds);
  try {
    return SolarTime.fromYmdHms(c.year, c.month, c.day, c.hour, c.minute, c.second);
  } catch (cause) {
    throw new BirthError('not_computable', 'that year is outside what the calendar engine computes', 'date', cause);
  }
}

export function wallOfEngine(t: SolarTime): WallSeconds {
  return wallSeconds({
    year: t.getYear(),
    month: t.getMonth(),
    day: t.getDay(),
    hour: t.getHour(),
    minute: t.getMinute(),
    second: t.getSecond(),
  });
}
