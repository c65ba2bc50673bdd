import { BirthError } from '../birth-error.ts';
import { findPlace, parseLongitude } from '../places/find.ts';
import { calendarWords, checkedDate, findDate, type ParsedDate, withCalendarWords } from './date.ts';
import { genderOfWord } from './gender.ts';
import { normalise } from './normalise.ts';
import { findTime, type TimeNote } from './time.ts';

/** What one line said. Only what was found is there; what cannot be right is in `problems`, the rest stays usable. */
export interface BirthLine extends Partial<ParsedDate> {
  name?: string;
  gender?: 'male' | 'female';
  /** null: the line says that the hour is unknown */
  time?: string | null;
  timeNote?: TimeNote;
  /** as written, and known to `findPlace` */
  place?: string;
  /** words that were not understood */
  rest?: string;
  problems: BirthError[];
}

const LABELS =
  /(?<![\u4e00-\u9fff])(姓名|名字|性别|出生日期|出生时间|出生年月日?|出生地点?|生日|生辰|地点|时间|日期|时辰|地址)\s*:\s*|\b(name|gender|sex|birthday|birth ?date|date of birth|dob|birth ?time|time of birth|birth ?place|place of birth|place|date|time)\s*:\s*/gi;
const FILLERS = /我叫|我是|名叫|\bmy name is\b|\bi am\b|出生于|出生在|生于|出生|^在|\b(born|on|in|at)\b/gi;
/** Where a date or time stood: names and places do not reach across. */
const CUT = '¦';

/** 05/06/1990, REPORT_20261121_…: a date, a number or an address that was not understood, never a name (小李2 may be one). */
const NO_NAME = /^[0-9]|[0-9]{3}|[0-9][-/.:][0-9]/;

interface State {
  text: string;
  line: BirthLine;
}

function cutOut(state: State, [start, end]: [number, number]): void {
  state.text = `${state.text.slice(0, start)}${CUT}${state.text.slice(end)}`;
}

function collect(state: State, take: () => void): void {
  try {
    take();
  } catch (error) {
    if (!(error instanceof BirthError)) throw error;
    state.line.problems.push(error);
  }
}

function takeDate(state: State, now: Date): void {
  collect(state, () => {
    const found = findDate(state.text, now);
    if (!found) return;
    cutOut(state, found.span);
    Object.assign(state.line, checkedDate(withCalendarWords(found, calendarWords(state.text, CUT))));
  });
  state.text = calendarWords(state.text, CUT).text;
}

function takeTime(state: State): void {
  collect(state, () => {
    const found = findTime(state.text);
    if (!found) return;
    cutOut(state, found.span);
    state.line.time = found.time;
    if (found.note) state.line.timeNote = found.note;
  });
}

/** 张三男1990-05-15: only where the character touches the date, and nothing else names the gender, since 胜男 is a name. */
function cutGluedGender(state: State): void {
  if (state.text.split(/[\s,，、;；|。¦]+/).some((word) => genderOfWord(word))) return;
  state.text = state.text.replace(/([\u4e00-\u9fff])([男女])(?=¦)/, '$1 $2');
}

/** Groups of words between dates, times and separators; the gender is taken out on the way. */
function segmentsOf(state: State): string[][] {
  const segments: string[][] = [[]];
  for (const part of state.text.replace(FILLERS, CUT).split(/([¦,，、;；|。\n]|\s+)/)) {
    const word = part.trim();
    const gender = state.line.gender === undefined ? genderOfWord(word) : undefined;
    if (gender) state.line.gender = gender;
    if (gender || /^[¦,，、;；|。]$/.test(word)) segments.push([]);
    else if (word) segments.at(-1)?.push(word);
  }
  return segments.filter((segment) => segment.length > 0);
}

const isPlace = (words: string[]): boolean => words.length > 0 && findPlace(words.join(' ')) !== undefined;

/** 张三 北京 → name 张三, place 北京: the longest run of words that is a place, last one first. */
function splitPlace(words: string[]): { place: string[]; others: string[] } | undefined {
  for (let length = words.length; length > 0; length -= 1) {
    for (let start = words.length - length; start >= 0; start -= 1) {
      const place = words.slice(start, start + length);
      if (!isPlace(place)) continue;
      return { place, others: [...words.slice(0, start), ...words.slice(start + length)] };
    }
  }
  return undefined;
}

/** Coordinates beat names; of several places the last is meant, since names come first (王 海南 …). */
function takePlace(line: BirthLine, segments: string[][]): string[][] {
  const numbered = segments.findIndex((words) =>
    words.some((word) => parseLongitude(word) !== undefined && isPlace([word])),
  );
  for (const index of [numbered, ...[...segments.keys()].reverse()]) {
    const words = segments[index];
    const split = words && splitPlace(words);
    if (!split) continue;
    line.place = split.place.join(' ');
    return segments.toSpliced(index, 1, split.others).filter((others) => others.length > 0);
  }
  return segments;
}

/**
 * One line with everything: `张三 男 1990-05-15 14:30 北京`, `李四 女 农历1990年闰五月初三 时辰不详 上海`,
 * `John male 1990-05-15 2:30pm Beijing`, in any order. Never throws: problems are listed with their field.
 * @param now decides the century of two-digit years
 */
export function parseBirthLine(text: string, now: Date): BirthLine {
  // A birth is a dozen words; places are looked for in every run of words, which must not grow with what somebody pastes.
  const words = text.slice(0, 300).replaceAll(CUT, ' ').trim().split(/\s+/u).slice(0, 30).join(' ');
  const plain = normalise(words)
    .replace(LABELS, ' ')
    .replace(/([0-9])T([0-9])/g, '$1 $2')
    .replace(/(?<![0-9])([0-9]{4}) ([0-9]{1,2}) ([0-9]{1,2}) ([0-9]{1,2}) ([0-9]{1,2})(?![0-9])/, '$1-$2-$3 $4:$5');
  const state: State = { text: plain, line: { problems: [] } };
  takeDate(state, now);
  takeTime(state);
  cutGluedGender(state);
  const segments = takePlace(state.line, segmentsOf(state));
  const [first = [], ...rest] = segments;
  const name = first.filter((word) => !NO_NAME.test(word)).join(' ');
  if (name !== '') state.line.name = name.slice(0, 40);
  const others = [...first.filter((word) => NO_NAME.test(word)), ...rest.flat()];
  if (others.length > 0) state.line.rest = others.join(' ');
  return state.line;
}
