import type { BirthInput } from './birth-input.ts';
import { civilOf, DAY, type WallSeconds } from './civil.ts';
import type { BirthDay, Moment } from './moment.ts';
import { dayAndHour, type Pillars, pillarsAt, yearAndMonth } from './pillars.ts';
import { termsAround } from './terms.ts';

type HalfChart = { year: string; month: string };
type DayHour = { day: string; hour: string };
interface LuckIf {
  forward: boolean;
  start: string;
  startAge: number;
}

/** What a reader of the chart must know. Codes are stable; wording lives with whoever shows them. */
export type Warning =
  | { code: 'hour_unknown'; otherDays: string[] }
  | { code: 'gender_unknown'; ifMale: LuckIf | null; ifFemale: LuckIf | null }
  | { code: 'luck_beyond_engine' }
  | { code: 'near_term'; term: string; at: string; candidates: [HalfChart, HalfChart] }
  | { code: 'near_hour_edge'; edge: string; candidates: [DayHour, DayHour] }
  | { code: 'near_day_edge'; edge: string; candidates: [DayHour, DayHour] }
  | { code: 'ambiguous_time'; candidates: { solarTimeUsed: string; pillars: Pillars }[] }
  | { code: 'month_two_valued'; term: string; at: string; candidates: [HalfChart, HalfChart] }
  | { code: 'summer_time_removed'; minutes: number }
  | { code: 'no_longitude' }
  | { code: 'place_unknown' }
  | { code: 'zodiac_differs'; bazi: string; daily: string }
  | { code: 'mean_terms_era' }
  | { code: 'terms_predicted' }
  | { code: 'vendor_differs'; ours: Pillars; theirs: string[] };

/** Clocks are rounded and city points are wide: this near to a border both sides are told. Seconds. */
const NEAR = 180;

function nearTerm(moment: Moment): Warning[] {
  const { previous, next } = termsAround(moment.china);
  return [previous, next]
    .filter((term) => term !== null)
    .filter((term) => Math.abs(moment.china - term.seconds) <= NEAR)
    .map((term) => ({
      code: 'near_term',
      term: term.name,
      at: term.at,
      candidates: [yearAndMonth(term.seconds - 1), yearAndMonth(term.seconds + 1)],
    }));
}

const edgeText = (seconds: WallSeconds): string => `${String(civilOf(seconds).hour).padStart(2, '0')}:00`;

function nearEdges(moment: Moment, ziHour: BirthInput['ziHour']): Warning[] {
  const midnight = Math.floor(moment.solar / DAY) * DAY;
  const hour = Math.round((moment.solar - midnight) / 3600);
  const edge = midnight + hour * 3600;
  if (Math.abs(moment.solar - edge) > NEAR) return [];
  const candidates: [DayHour, DayHour] = [dayAndHour(edge - 1, ziHour), dayAndHour(edge, ziHour)];
  const [before, after] = candidates;
  if (before.day !== after.day) return [{ code: 'near_day_edge', edge: edgeText(edge), candidates }];
  if (before.hour !== after.hour) return [{ code: 'near_hour_edge', edge: edgeText(edge), candidates }];
  return [];
}

/** Warnings about a known moment. */
export function momentWarnings(moment: Moment, ziHour: BirthInput['ziHour']): Warning[] {
  return [...nearTerm(moment), ...nearEdges(moment, ziHour)];
}

/** Both readings of a clock time that happened twice. */
export function foldWarnings(
  moments: readonly Moment[],
  ziHour: BirthInput['ziHour'],
  show: (seconds: WallSeconds) => string,
): Warning[] {
  if (moments.length < 2) return [];
  const candidates = moments.map((moment) => ({
    solarTimeUsed: show(moment.solar),
    pillars: pillarsAt(moment, ziHour),
  }));
  return [{ code: 'ambiguous_time', candidates }];
}

/** Warnings about a day whose hour is unknown: a 节 within it leaves two months open, 子时 and longitude may move the day. */
export function dayWarnings(first: Moment, last: Moment, pillars: Pillars, ziHour: BirthInput['ziHour']): Warning[] {
  const { next } = termsAround(first.china);
  const early = yearAndMonth(first.china);
  const late = yearAndMonth(last.china);
  const days = [dayAndHour(first.solar, ziHour).day, dayAndHour(last.solar, ziHour).day];
  const otherDays = [...new Set(days)].filter((day) => day !== pillars.day);
  const unknown: Warning = { code: 'hour_unknown', otherDays };
  if (early.month === late.month) return [unknown];
  return next
    ? [unknown, { code: 'month_two_valued', term: next.name, at: next.at, candidates: [early, late] }]
    : [unknown];
}

const ANIMALS = '鼠牛虎兔龙蛇马羊猴鸡狗猪';
const BRANCH_ORDER = '子丑寅卯辰巳午未申酉戌亥';

/** Animal of a year branch, and of a lunar year. */
export function animalOf(branchOrYear: string | number): string {
  const index =
    typeof branchOrYear === 'number' ? (((branchOrYear - 4) % 12) + 12) % 12 : BRANCH_ORDER.indexOf(branchOrYear);
  return ANIMALS.charAt(index);
}

/** Warnings about place, calendar and era. */
export function settingWarnings(input: BirthInput, day: BirthDay, pillars: Pillars, dstMinutes: number): Warning[] {
  const found: Warning[] = [];
  const usesPlace = input.solarTime === 'mean' || input.solarTime === 'true';
  if (dstMinutes !== 0) found.push({ code: 'summer_time_removed', minutes: dstMinutes });
  if (input.solarTime === 'standard' && input.longitude === null) found.push({ code: 'no_longitude' });
  if (!usesPlace && input.place !== null && input.longitude === null) found.push({ code: 'place_unknown' });
  const bazi = animalOf(pillars.year.charAt(1));
  const daily = animalOf(day.lunar.year);
  if (bazi !== daily) found.push({ code: 'zodiac_differs', bazi, daily });
  // China's calendar used mean terms (平气) until 1644; charts here use true ones.
  if (day.solar.year < 1645) found.push({ code: 'mean_terms_era' });
  if (day.solar.year >= 2050) found.push({ code: 'terms_predicted' });
  return found;
}
