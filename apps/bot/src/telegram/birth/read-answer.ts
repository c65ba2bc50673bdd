import {
  BirthError,
  type BirthField,
  type BirthLine,
  findPlace,
  hasLeapMonth,
  type ParsedDate,
  type Place,
  parseBirthLine,
  parseGender,
  parseTime,
  suggestPlaces,
} from '@mingdan/bazi';
import type { PartialBirth, Question } from '../session.ts';

/** What is wrong with an answer: a key under `errors.`, and what to ask again. */
export interface Problem {
  readonly code: string;
  readonly question: Question;
  readonly suggestions?: readonly Place[];
}

export interface Reading {
  readonly fields: PartialBirth;
  readonly problem?: Problem;
}

export const LONGEST_NAME = 30;
const SKIP = /^(跳过|跳過|不知道|不清楚|不记得|不記得|没有|沒有|无|無|skip|none|no|unknown|-)$/i;
const SOLAR = /公历|公曆|阳历|陽曆|新历|新曆|国历|國曆|西历|西曆|solar|gregorian|western/i;
const LUNAR = /农历|農曆|阴历|陰曆|旧历|舊曆|夏历|夏曆|lunar|chinese (?:calendar|date)/i;
const MONEY = /退款|退钱|退錢|付款|付了款|付钱|付錢|付了钱|付了錢|报告|報告|(?<![a-z])(?:refund|payment|paid|report)/i;

/** The question that a problem of a birth belongs to. */
export function questionOf(field: BirthField): Question {
  switch (field) {
    case 'name':
    case 'gender':
    case 'calendar':
    case 'time':
      return field;
    case 'place':
    case 'longitude':
    case 'tz':
    case 'solarTime':
      return 'place';
    default:
      return 'date';
  }
}

/** No birth takes more; the search for a place among many words takes seconds, in which nobody else is answered. */
function isTooMuch(text: string): boolean {
  return text.length > 300 || text.trim().split(/\s+/).length > 30;
}

/** Whether a typed text says enough at once to be taken as a whole birth: a date, with something more than a name beside it. */
function isWholeLine(line: BirthLine): boolean {
  const dated = line.date !== undefined || line.problems.some(({ field }) => field === 'date' || field === 'leap');
  const others = [line.time, line.gender, line.place].filter((part) => part !== undefined).length;
  return dated ? others > 0 || line.name !== undefined : others > 1;
}

/** One line with everything, at any moment. Undefined where the text is no such line. */
export function readLine(text: string, now: Date): Reading | undefined {
  if (isTooMuch(text)) return undefined;
  const line = parseBirthLine(text, now);
  return isWholeLine(line) ? fromLine(line) : undefined;
}

/** Without a conversation about a birth: a date beside some words is no birth yet. */
export function readFirstLine(text: string, now: Date): Reading | undefined {
  if (isTooMuch(text) || isAboutMoney(text)) return undefined;
  const line = parseBirthLine(text, now);
  const hasMore = line.gender !== undefined || line.time !== undefined || line.place !== undefined;
  return hasMore && isWholeLine(line) ? fromLine(line) : undefined;
}

/** A date by itself, right or wrong. Undefined where the text holds none. */
export function readBareDate(text: string, birth: PartialBirth, now: Date): Reading | undefined {
  if (isTooMuch(text) || isAboutMoney(text)) return undefined;
  const nothing: Reading = { fields: {} };
  const reading = readDate(text, birth, now, nothing);
  return reading === nothing ? undefined : reading;
}

/** Somebody asks after a payment, a refund or a report. */
export function isAboutMoney(text: string): boolean {
  return MONEY.test(text);
}

function fromLine(line: BirthLine): Reading {
  const fields: PartialBirth = {
    ...(line.name !== undefined && line.name.length <= LONGEST_NAME ? { name: line.name } : {}),
    ...(line.gender === undefined ? {} : { gender: line.gender }),
    ...dateFields(line),
    ...(line.time === undefined ? {} : { time: line.time }),
    ...(line.place === undefined ? {} : { place: findPlace(line.place)?.name ?? line.place, typedPlace: line.place }),
  };
  const [first] = line.problems;
  if (first) return { fields, problem: { code: first.code, question: questionOf(first.field) } };
  if (line.rest !== undefined && line.place === undefined) return { fields, problem: unknownPlace(line.rest) };
  return { fields };
}

/** "闰?" stays open only where that year has the month twice and the text did not say which. */
function dateFields(parsed: Partial<ParsedDate>): PartialBirth {
  const { calendar, date, leap = false } = parsed;
  if (calendar === undefined || date === undefined) return {};
  const [year = 0, month = 0] = date.split('-').map(Number);
  const open = calendar === 'lunar' && !leap && hasLeapMonth(year, month);
  return { calendar, date, leap: open ? undefined : leap };
}

/** Reads what was typed at a question. Never throws for what a person typed. */
export function readAnswer(question: Question, text: string, birth: PartialBirth, now: Date): Reading {
  if (isTooMuch(text)) return { fields: {}, problem: { code: 'too_long', question } };
  const whole = question === 'date' ? undefined : readLine(text, now);
  if (whole) return whole;
  const reading = readOne(question, text, birth, now);
  // A date at the wrong moment is a correction of the date.
  return reading.problem && question !== 'date' ? readDate(text, birth, now, reading) : reading;
}

function readOne(question: Question, text: string, birth: PartialBirth, now: Date): Reading {
  try {
    return readers[question](text.trim(), birth, now);
  } catch (error) {
    if (!(error instanceof BirthError)) throw error;
    return { fields: {}, problem: { code: error.code, question: questionOf(error.field) } };
  }
}

type Reader = (text: string, birth: PartialBirth, now: Date) => Reading;

const readers: Record<Question, Reader> = {
  name: readName,
  gender(text) {
    try {
      return { fields: { gender: parseGender(text) } };
    } catch {
      return { fields: {}, problem: { code: 'gender_unclear', question: 'gender' } };
    }
  },
  calendar(text, birth, now) {
    if (LUNAR.test(text)) return readDate(text, birth, now, { fields: { calendar: 'lunar' } });
    if (SOLAR.test(text)) return readDate(text, birth, now, { fields: { calendar: 'solar' } });
    return readDate(text, birth, now, { fields: {}, problem: { code: 'calendar_unclear', question: 'calendar' } });
  },
  date(text, birth, now) {
    return readDate(text, birth, now, { fields: {}, problem: { code: 'bad_format', question: 'date' } });
  },
  leap(text) {
    if (/^(不|否|普通|平|no?$)/i.test(text)) return { fields: { leap: false } };
    if (/闰|閏|是|对|對|^(y|yes|leap)$/i.test(text)) return { fields: { leap: true } };
    return { fields: {}, problem: { code: 'leap_unclear', question: 'leap' } };
  },
  time: (text) => ({ fields: { time: parseTime(text).time } }),
  place: readPlace,
};

function readName(text: string, birth: PartialBirth, now: Date): Reading {
  const { name, gender, date } = parseBirthLine(text, now);
  if (date !== undefined && name === undefined) return readDate(text, birth, now, { fields: {} });
  if (/[0-9]/.test(text) && name === undefined) {
    return readDate(text, birth, now, { fields: {}, problem: { code: 'bad_format', question: 'name' } });
  }
  const said = gender !== undefined && name !== undefined ? { name, gender } : { name: text };
  if (said.name.length <= LONGEST_NAME) return { fields: said };
  return { fields: {}, problem: { code: 'name_too_long', question: 'name' } };
}

function readPlace(text: string): Reading {
  if (SKIP.test(text)) return { fields: { place: null } };
  const place = findPlace(text);
  return place ? { fields: { place: place.name, typedPlace: text } } : { fields: {}, problem: unknownPlace(text) };
}

function unknownPlace(text: string): Problem {
  const suggestions = suggestPlaces(text);
  const code = suggestions.length > 0 ? 'unknown_place_suggest' : 'unknown_place';
  return { code, question: 'place', suggestions };
}

/** A date, perhaps with more beside it. Plain numbers are of the calendar that was chosen before. */
function readDate(text: string, birth: PartialBirth, now: Date, otherwise: Reading): Reading {
  const plain = birth.calendar === 'lunar' && !SOLAR.test(text) && !LUNAR.test(text) ? `农历${text}` : text;
  const line = parseBirthLine(plain, now);
  if (line.date === undefined && line.problems.length === 0) return otherwise;
  const { name, ...fields } = fromLine(line).fields;
  const [first] = line.problems;
  const named = name !== undefined && line.gender !== undefined ? { ...fields, name } : fields;
  return first
    ? { fields: named, problem: { code: first.code, question: questionOf(first.field) } }
    : { fields: named };
}
