import { Temporal } from 'temporal-polyfill';
import { DAY, type WallSeconds } from './civil.ts';

/** Seconds since 1970-01-01T00:00Z. */
export type UtcSeconds = number;

/** China's standard time, in which terms (节气) and luck are counted. */
export const CHINA_OFFSET = 8 * 3600;

/** Zones of one clock with Beijing. Their published charts count from UTC+8 whatever the year. */
const CHINA_ZONES = new Set(['Asia/Shanghai', 'Asia/Chongqing', 'Asia/Chungking', 'Asia/Harbin', 'PRC']);
const CHINA_FROM: UtcSeconds = Date.UTC(1901, 0, 1) / 1000;

export function isZone(tz: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: tz });
    // Bare offsets pass Intl, but they are no places with a history.
    return !/^[+-]/.test(tz);
  } catch {
    return false;
  }
}

function zoned(tz: string, utc: UtcSeconds): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(utc) * 1000).toZonedDateTimeISO(tz);
}

/** East positive, summer time included. */
export function offsetAt(tz: string, utc: UtcSeconds): number {
  return zoned(tz, utc).offsetNanoseconds / 1e9;
}

/** All instants at which the clock of `tz` showed `wall`: none in a spring gap, two in an autumn fold, earliest first. */
export function instantsOf(tz: string, wall: WallSeconds): UtcSeconds[] {
  const offsets = new Set([offsetAt(tz, wall - DAY), offsetAt(tz, wall), offsetAt(tz, wall + DAY)]);
  return [...offsets]
    .map((offset) => wall - offset)
    .filter((utc) => offsetAt(tz, utc) === wall - utc)
    .sort((a, b) => a - b);
}

const longNames = new Map<string, Intl.DateTimeFormat>();

function inSummerTime(tz: string, utc: UtcSeconds): boolean {
  let format = longNames.get(tz);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: tz, timeZoneName: 'long' });
    longNames.set(tz, format);
  }
  const name = format.formatToParts(utc * 1000).find((part) => part.type === 'timeZoneName')?.value ?? '';
  return /Summer Time|Daylight Time/.test(name);
}

/** The offset that `tz` would have had at that moment without summer time. */
export function standardOffsetAt(tz: string, utc: UtcSeconds): number {
  if (CHINA_ZONES.has(tz)) return utc < CHINA_FROM ? offsetAt(tz, utc) : CHINA_OFFSET;
  if (!inSummerTime(tz, utc)) return offsetAt(tz, utc);
  let at: Temporal.ZonedDateTime | null = zoned(tz, utc);
  // Summer times can follow each other without a winter between (1940s): go back until a standard time is met.
  for (let steps = 0; at && steps < 6; steps += 1) {
    at = at.getTimeZoneTransition('previous');
    const before = at && at.epochMilliseconds / 1000 - 1;
    if (before !== null && !inSummerTime(tz, before)) return offsetAt(tz, before);
  }
  return offsetAt(tz, utc) - 3600;
}

/** The offset that published charts assume for a clock time: standard time of the zone, UTC+8 for China in every year. */
export function chartOffset(tz: string, wall: WallSeconds): number {
  return CHINA_ZONES.has(tz) ? CHINA_OFFSET : standardOffsetAt(tz, wall - offsetAt(tz, wall));
}
