import { LunarDay } from 'tyme4ts';
import { BirthError } from '../birth-error.ts';
import { isRealDate } from '../civil.ts';
import { normalise, smallNumber, yearNumber } from './normalise.ts';

export interface ParsedDate {
  calendar: 'solar' | 'lunar';
  /** YYYY-MM-DD, of `calendar` */
  date: string;
  leap: boolean;
}

/** A date found within a text. `span` is what it covers. */
export interface FoundDate {
  span: [start: number, end: number];
  year: number;
  month: number;
  day: number;
  lunar: boolean;
  /** the text right before it says that it is solar */
  solar: boolean;
  leap: boolean;
}

const CALENDAR = String.raw`(?<calendar>(?:农历|阴历|旧历|夏历|古历|lunar|公历|阳历|新历|国历|西历|solar|gregorian|western)\s*[::]?\s*)?`;
const Y = '(?<year>[0-9]{4}|[〇零○一二三四五六七八九]{4})';
const M = '(?<month>[0-9]{1,2}|[正一二三四五六七八九十冬腊]{1,3})';
const LEAP = String.raw`(?<leap>闰\s*)?`;
const D = '(?<day>[0-9]{1,2}|初?[一二三四五六七八九十廿卅]{1,3})';
/** No part of a longer number, nor of an order's number. */
const NOT_DIGIT = '(?<![0-9]|[a-z]_)';
const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const EN_MONTH =
  '(?<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)';

const FORMS: RegExp[] = [
  // 民国79年5月15日, before the plain years
  new RegExp(
    `${CALENDAR}民国\\s*(?<roc>[0-9]{1,3}|[元一二三四五六七八九十〇零]{1,4})\\s*年\\s*${LEAP}${M}\\s*月\\s*${D}\\s*[日号]?`,
    'i',
  ),
  new RegExp(`${CALENDAR}${NOT_DIGIT}${Y}\\s*年?\\s*${LEAP}${M}\\s*月\\s*${D}\\s*[日号]?`, 'i'),
  new RegExp(`${CALENDAR}${NOT_DIGIT}(?<short>[0-9]{2})\\s*年\\s*${LEAP}${M}\\s*月\\s*${D}\\s*[日号]?`, 'i'),
  new RegExp(
    `${CALENDAR}${NOT_DIGIT}${Y}\\s*[-/.年,]\\s*${LEAP}(?<month>[0-9]{1,2})\\s*[-/.,]\\s*(?<day>[0-9]{1,2})(?![0-9])`,
    'i',
  ),
  new RegExp(`${CALENDAR}${NOT_DIGIT}(?<year>[0-9]{4}) (?<month>[0-9]{1,2}) (?<day>[0-9]{1,2})(?![0-9])`, 'i'),
  new RegExp(
    `${CALENDAR}${NOT_DIGIT}(?<year>(?:1[5-9]|20)[0-9]{2})(?<month>0[1-9]|1[0-2])(?<day>[0-3][0-9])(?=$|[^0-9]|[0-9]{4}(?![0-9]))`,
    'i',
  ),
  new RegExp(
    `${CALENDAR}${EN_MONTH}\\.?\\s*(?<day>[0-9]{1,2})(?:st|nd|rd|th)?\\s*,?\\s*(?<year>[0-9]{4})(?![0-9])`,
    'i',
  ),
  new RegExp(
    `${CALENDAR}${NOT_DIGIT}(?<day>[0-9]{1,2})(?:st|nd|rd|th)?\\s*(?:of\\s*)?${EN_MONTH}\\.?\\s*,?\\s*(?<year>[0-9]{4})(?![0-9])`,
    'i',
  ),
];
const DAY_FIRST = new RegExp(
  `${CALENDAR}${NOT_DIGIT}(?<one>[0-9]{1,2})\\s*[-/.]\\s*(?<two>[0-9]{1,2})\\s*[-/.]\\s*(?<year>[0-9]{4})(?![0-9])`,
  'i',
);
const TRAILING_LUNAR = /^\s*\(?\s*(农历|阴历|旧历|lunar)\s*\)?/i;
/** Words about the calendar that stand anywhere in a line, the first that fits at each place. */
const CALENDAR_WORDS = new RegExp(
  [
    String.raw`(?<solar>(?:不是|非)\s*(?:农历|阴历|旧历)|(?<![a-z])not (?:in )?(?:the )?(?:lunar|chinese)(?: calendar)?(?![a-z])|公历|阳历|新历|国历|西历|(?<![a-z])(?:gregorian|solar(?! time))(?: (?:calendar|date|birthday))?(?![a-z])|(?<![a-z])western(?: (?:calendar|date)|(?=\s*(?:$|[0-9,;|¦]))))`,
    '(?<lunar>农历|阴历|旧历|夏历|古历|(?<![a-z])(?:(?:chinese )?lunar(?: (?:calendar|date|birthday))?|chinese (?:calendar|date))(?![a-z]))',
    '(?<none>闰年|(?<![a-z])leap year(?![a-z])|(?:不是|非|不)闰月?|(?<![a-z])(?:not|no|non)[ -]leap(?: month)?(?![a-z]))',
    String.raw`(?<leap>闰[0-9正一二三四五六七八九十冬腊]{0,3}月|(?<![\u4e00-\u9fff])是?闰(?![\u4e00-\u9fff])|(?<=(?:农|阴|旧)历\s*)闰|(?<![a-z])leap(?: month)?(?![a-z]))`,
  ].join('|'),
  'gi',
);
const TRAILING_LEAP = /^\s*,?\s*\(?(闰月?|leap( month)?)\)?(?![a-z]|年|\s*year)/i;

function monthNumber(text: string): number | undefined {
  if (text === '正') return 1;
  if (text === '冬') return 11;
  if (text === '腊') return 12;
  return smallNumber(text);
}

function yearOf(groups: Record<string, string | undefined>, now: Date): number | undefined {
  if (groups.roc !== undefined) {
    const roc =
      groups.roc === '元' ? 1 : Number.isNaN(Number(groups.roc)) ? smallNumber(groups.roc) : Number(groups.roc);
    return roc === undefined ? undefined : roc + 1911;
  }
  if (groups.short !== undefined) {
    const short = Number(groups.short);
    return short + (short <= now.getUTCFullYear() % 100 ? 2000 : 1900);
  }
  return yearNumber(groups.year ?? '');
}

/** Only a lunar day is called 初三 or 廿三, only a lunar month 正月, 冬月, 腊月 or 闰五月. */
function speaksLunar(groups: Record<string, string | undefined>): boolean {
  return groups.leap !== undefined || /初|廿|卅/.test(groups.day ?? '') || /正|冬|腊/.test(groups.month ?? '');
}

function dayFirst(groups: Record<string, string | undefined>): { month: string; day: string } {
  const one = Number(groups.one);
  const two = Number(groups.two);
  if (one <= 12 && two <= 12 && one !== two) {
    throw new BirthError('ambiguous_date', 'day and month could be either', 'date');
  }
  const [day, month] = two > 12 ? [two, one] : [one, two];
  return { month: String(month), day: String(day) };
}

function fromMatch(match: RegExpExecArray, text: string, now: Date): FoundDate | undefined {
  const groups = { ...match.groups };
  if (groups.one !== undefined) Object.assign(groups, dayFirst(groups));
  if (groups.name !== undefined) groups.month = String(MONTHS.indexOf(groups.name.slice(0, 3).toLowerCase()) + 1);
  const year = yearOf(groups, now);
  const month = monthNumber(groups.month ?? '');
  const day = smallNumber(groups.day ?? '');
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const end = match.index + match[0].length;
  const behind = TRAILING_LUNAR.exec(text.slice(end));
  const after = end + (behind?.[0].length ?? 0);
  const leapBehind = TRAILING_LEAP.exec(text.slice(after));
  const calendar = groups.calendar ?? '';
  const lunar =
    /农|阴|旧|夏|古|lunar/i.test(calendar) ||
    behind !== null ||
    leapBehind !== null ||
    (!calendar && speaksLunar(groups));
  return {
    span: [match.index, after + (leapBehind?.[0].length ?? 0)],
    year,
    month,
    day,
    lunar,
    solar: calendar !== '' && !lunar,
    leap: groups.leap !== undefined || leapBehind !== null,
  };
}

/**
 * The first date in a normalised text, not yet checked against the calendar.
 * @throws BirthError `ambiguous_date` for 03/04/1990
 */
export function findDate(text: string, now: Date): FoundDate | undefined {
  for (const form of [...FORMS, DAY_FIRST]) {
    const match = form.exec(text);
    const found = match ? fromMatch(match, text, now) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** What a text says of the calendar beside its date, and the text with `cut` in place of these words. */
export function calendarWords(text: string, cut: string): { text: string; lunar: boolean; leap: boolean } {
  const said = { lunar: false, leap: false };
  const others = text.replace(CALENDAR_WORDS, (...match) => {
    const groups: Record<string, string | undefined> = match.at(-1);
    if (groups.lunar !== undefined) said.lunar = true;
    if (groups.leap !== undefined) said.leap = true;
    return cut;
  });
  return { text: others, ...said };
}

/** A word for the calendar or the leap month belongs to the only date of the text, wherever it stands. */
export function withCalendarWords(found: FoundDate, said: { lunar: boolean; leap: boolean }): FoundDate {
  if (found.solar) return found;
  return { ...found, lunar: found.lunar || said.lunar || said.leap, leap: found.leap || said.leap };
}

function lunarExists(year: number, month: number, day: number): boolean {
  try {
    LunarDay.fromYmd(year, month, day);
    return true;
  } catch {
    return false;
  }
}

/** @throws BirthError `no_such_date`, `no_such_leap_month`, `no_such_lunar_day` */
export function checkedDate(found: FoundDate): ParsedDate {
  const { year, month, day, lunar, leap } = found;
  const pad = (n: number, width: number): string => String(n).padStart(width, '0');
  const date = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
  if (month < 1 || month > 12 || day < 1)
    throw new BirthError('no_such_date', 'that day is not in the calendar', 'date');
  if (!lunar) {
    if (!isRealDate(year, month, day)) throw new BirthError('no_such_date', 'that day is not in the calendar', 'date');
    return { calendar: 'solar', date, leap: false };
  }
  if (leap && !lunarExists(year, -month, 1)) {
    throw new BirthError('no_such_leap_month', 'that lunar year does not have this leap month', 'leap');
  }
  if (day > 30) throw new BirthError('no_such_date', 'a lunar month has at most 30 days', 'date');
  if (!lunarExists(year, leap ? -month : month, day)) {
    throw new BirthError('no_such_lunar_day', 'that lunar month has no such day', 'date');
  }
  return { calendar: 'lunar', date, leap };
}

/** True where that lunar year has this month twice, so that a question "闰?" makes sense. */
export function hasLeapMonth(lunarYear: number, month: number): boolean {
  return lunarExists(lunarYear, -month, 1);
}

/**
 * A date as people write it: 1990-05-15, 19900515, 1990年5月15日, 农历1990年闰五月初三, 民國79年5月15日, May 15 1990.
 * @param now decides the century of two-digit years
 * @throws BirthError `bad_format`, `ambiguous_date`, `no_such_date`, `no_such_leap_month`, `no_such_lunar_day`
 */
export function parseDate(text: string, now: Date): ParsedDate {
  const plain = normalise(text);
  const found = findDate(plain, now);
  if (!found) throw new BirthError('bad_format', 'no date was found in the text', 'date');
  const [start, end] = found.span;
  return checkedDate(withCalendarWords(found, calendarWords(`${plain.slice(0, start)}¦${plain.slice(end)}`, '¦')));
}
