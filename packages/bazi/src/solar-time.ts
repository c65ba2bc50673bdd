import type { UtcSeconds } from './zone.ts';

const rad = (degrees: number): number => (degrees * Math.PI) / 180;

/**
 * Equation of time: true minus mean solar time.
 * @returns seconds, about −860…+990. Low-precision solar coordinates of the Astronomical Almanac; at most 3 s off for 1900–2099.
 */
export function equationOfTime(utc: UtcSeconds): number {
  const n = utc / 86_400 + 2_440_587.5 - 2_451_545;
  const g = rad(357.529 + 0.98560028 * n);
  const q = 280.459 + 0.98564736 * n;
  const l = rad(q + 1.915 * Math.sin(g) + 0.02 * Math.sin(2 * g));
  const e = rad(23.439 - 0.00000036 * n);
  const ascension = (Math.atan2(Math.cos(e) * Math.sin(l), Math.cos(l)) * 180) / Math.PI;
  const difference = ((((q - ascension + 180) % 360) + 360) % 360) - 180;
  return 240 * difference;
}

/** Mean solar time at a meridian as seconds of its own clock. @param longitude degrees, east positive */
export function meanSolarTime(utc: UtcSeconds, longitude: number): number {
  return utc + 240 * longitude;
}

/** True solar time (真太阳时) at a meridian as seconds of its own clock. @param longitude degrees, east positive */
export function trueSolarTime(utc: UtcSeconds, longitude: number): number {
  return meanSolarTime(utc, longitude) + equationOfTime(utc);
}
