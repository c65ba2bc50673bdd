import { BirthError } from '../birth-error.ts';
import { normalise, smallNumber } from './normalise.ts';

/** `double_hour`: only the 时辰 was named, its middle is taken. */
export type TimeNote = 'double_hour';

export interface ParsedTime {
  /** HH:MM, null when the hour is unknown */
  time: string | null;
  note?: TimeNote;
}

export interface FoundTime extends ParsedTime {
  span: [start: number, end: number];
}

const UNKNOWN =
  /(出生)?(具体)?(时辰|时间|时刻|小时|几点)?(已经|我|都|也)?(不太?|未|没)(详|知道?|清楚?|明|记得|确定|晓得|肯定)(了|时辰|时间|几点|具体时间)?|忘记?了?(时辰|时间)?|(时辰|时间)(忘记?了?|无|未知)|(time |hour )?(is )?(unknown|not known|not sure|unsure|no idea|(i )?(don'?t|do not) (know|remember)|forgot(ten)?)( (the )?(time|hour))?/i;

const PERIOD =
  '(?<period>凌晨|清晨|清早|早上|早晨|早|上午|中午|正午|午后|下午|傍晚|黄昏|晚上|晚间|夜里|夜间|半夜|深夜|午夜|晚|夜)?';
const N = '(?:[0-9]{1,2}|[〇零一二两三四五六七八九十廿]{1,3})';
const CLOCK = new RegExp(
  `${PERIOD}\\s*(?<![0-9])(?<hour>${N})\\s*(?:[点时]钟?|:)\\s*(?:(?<half>半)|(?<quarter>[一三1-3])刻|[过零]?(?<minute>${N})\\s*分?)?(?::[0-9]{2}(?![0-9]))?\\s*(?<ampm>[ap]\\.?m\\.?)?(?![a-z0-9])`,
  'i',
);
const AM_PM = /(?<![0-9:])(?<hour>[0-9]{1,2})(?:[.:](?<minute>[0-9]{2}))?\s*(?<ampm>[ap]\.?m\.?)(?![a-z])/i;
const DOUBLE_HOUR = /(?<kind>早|晚|夜)?(?<branch>[子丑寅卯辰巳午未申酉戌亥])时(?!间)辰?/;
/** 14.30 and 14h30; two numbers with a comma between are coordinates. */
const DOTTED = new RegExp(
  `${PERIOD}\\s*(?<![-.0-9]|[0-9],\\s?)(?<hour>[01]?[0-9]|2[0-3])(?:\\.(?<minute>[0-5][0-9])|\\s?h\\s?(?<after>[0-5][0-9])?)(?![0-9a-z.°]|\\s*,\\s*-?[0-9]|\\s+[a-z]*°)`,
  'i',
);
const COMPACT = /(?<![0-9])(?<hour>[01][0-9]|2[0-3])(?<minute>[0-5][0-9])(?![0-9])/;
const WORD = /(?<![a-z])(?<word>midnight|noon)(?![a-z])|(?<chinese>正午|午夜零时)/i;

const BRANCHES = '子丑寅卯辰巳午未申酉戌亥';
const NIGHT = /晚|夜|午夜/;

function clockText(hour: number, minute: number): string {
  if (hour > 23 || minute > 59) throw new BirthError('no_such_time', 'a time is 00:00 to 23:59', 'time');
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

/** 下午2点 → 14; 凌晨12点 → 0. Twelve at night may be either end of a day: that is asked, not guessed. */
function hourOfPeriod(hour: number, period: string): number {
  if (hour > 12 || period === '') return hour;
  if (hour === 12) {
    if (period === '凌晨') return 0;
    if (NIGHT.test(period)) throw new BirthError('ambiguous_midnight', 'twelve at night may be either day', 'time');
    return 12;
  }
  if (/下午|午后|傍晚|黄昏/.test(period)) return hour + 12;
  // 中午1点 is after noon, 中午11点 before it.
  if (/中午|正午/.test(period)) return hour < 6 ? hour + 12 : hour;
  if (/半夜|深夜|午夜|夜里|夜间|夜/.test(period)) return hour < 6 ? hour : hour + 12;
  return /晚/.test(period) ? hour + 12 : hour;
}

function hourOfAmPm(hour: number, ampm: string): number {
  if (hour < 1 || hour > 12) return hour;
  const base = hour % 12;
  return /^p/i.test(ampm) ? base + 12 : base;
}

function fromClock(match: RegExpExecArray): FoundTime | undefined {
  const groups = match.groups ?? {};
  const hour = smallNumber(groups.hour ?? '');
  if (hour === undefined) return undefined;
  const quarter = groups.quarter === undefined ? undefined : (smallNumber(groups.quarter) ?? 0) * 15;
  const minute = groups.half ? 30 : (quarter ?? smallNumber(groups.minute ?? groups.after ?? '0') ?? 0);
  const resolved = groups.ampm ? hourOfAmPm(hour, groups.ampm) : hourOfPeriod(hour, groups.period ?? '');
  return { time: clockText(resolved, minute), span: [match.index, match.index + match[0].length] };
}

function fromDoubleHour(match: RegExpExecArray): FoundTime {
  const { kind, branch = '子' } = match.groups ?? {};
  const index = BRANCHES.indexOf(branch);
  const late = index === 0 && (kind === '晚' || kind === '夜');
  const time = late ? '23:30' : index === 0 && kind === '早' ? '00:30' : clockText(index * 2, 0);
  return { time, note: 'double_hour', span: [match.index, match.index + match[0].length] };
}

function fromWord(match: RegExpExecArray): FoundTime {
  const time = match.groups?.word?.toLowerCase() === 'midnight' ? '00:00' : '12:00';
  return { time, span: [match.index, match.index + match[0].length] };
}

/** The first time in a normalised text; `time` null where the text says that the hour is unknown. */
export function findTime(text: string): FoundTime | undefined {
  const unknown = UNKNOWN.exec(text);
  if (unknown) return { time: null, span: [unknown.index, unknown.index + unknown[0].length] };
  const readers: [RegExp, (match: RegExpExecArray) => FoundTime | undefined][] = [
    [AM_PM, fromClock],
    [CLOCK, fromClock],
    [DOTTED, fromClock],
    [DOUBLE_HOUR, fromDoubleHour],
    [WORD, fromWord],
    [COMPACT, fromClock],
  ];
  for (const [form, read] of readers) {
    const match = form.exec(text);
    const found = match ? read(match) : undefined;
    if (found) return found;
  }
  return undefined;
}

/**
 * A time as people write it: 14:30, 下午2点半, 2:30pm, 子时 (its middle, with a note), 时辰不详 (null).
 * @throws BirthError `bad_format`, `no_such_time`, `ambiguous_midnight`
 */
export function parseTime(text: string): ParsedTime {
  const plain = normalise(text);
  if (/^(不详|不知|未知|无|没有|\?+|n\/a|none|skip|-)$/i.test(plain)) return { time: null };
  const found = findTime(plain);
  if (found) {
    const { span: _span, ...time } = found;
    return time;
  }
  if (/^[0-9]{1,2}$/.test(plain)) return { time: clockText(Number(plain), 0) };
  if (/^[子丑寅卯辰巳午未申酉戌亥]$/.test(plain)) return parseTime(`${plain}时`);
  throw new BirthError('bad_format', 'no time was found in the text', 'time');
}
