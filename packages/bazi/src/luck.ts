import {
  ChildLimit,
  type ChildLimitProvider,
  China95ChildLimitProvider,
  DefaultChildLimitProvider,
  Gender,
  LunarSect1ChildLimitProvider,
  LunarSect2ChildLimitProvider,
} from 'tyme4ts';
import type { BirthInput } from './birth-input.ts';
import { engineTime, type WallSeconds, wallOfEngine, wallText } from './civil.ts';
import { hiddenStemsOf, tenGod } from './pillars.ts';

export interface Decade {
  pillar: string;
  /** year of its start; years turn at 立春 */
  year: number;
  /** nominal age (虚岁) in that year */
  age: number;
  stemGod: string;
  branchGod: string;
}

export interface Luck {
  forward: boolean;
  /** clock of UTC+8 at which the first decade starts */
  start: string;
  /** nominal age (虚岁) in the year of `start` */
  startAge: number;
  /** from birth to `start` */
  after: { years: number; months: number; days: number; hours: number; minutes: number };
  /** earliest and latest start when the hour is unknown, good to some three days: the rules count in months of unequal length */
  startRange: [string, string] | null;
  rule: BirthInput['luckRule'];
  decades: Decade[];
  /** 小运 of nominal ages 1 to 10; null when the hour is unknown, since it counts from the hour pillar */
  minor: { age: number; pillar: string }[] | null;
}

const RULES: Record<BirthInput['luckRule'], ChildLimitProvider> = {
  default: new DefaultChildLimitProvider(),
  china95: new China95ChildLimitProvider(),
  lunar1: new LunarSect1ChildLimitProvider(),
  lunar2: new LunarSect2ChildLimitProvider(),
};

const DECADES = 10;

function childLimit(china: WallSeconds, gender: 'male' | 'female', rule: BirthInput['luckRule']): ChildLimit {
  // A global of the library: set and used in one go, never across an await.
  ChildLimit.provider = RULES[rule];
  return ChildLimit.fromSolarTime(engineTime(china), gender === 'male' ? Gender.MAN : Gender.WOMAN);
}

function decadesOf(limit: ChildLimit, dayStem: string): Decade[] {
  const first = limit.getStartDecadeFortune();
  return Array.from({ length: DECADES }, (_, index) => {
    const decade = first.next(index);
    const pillar = decade.getName();
    return {
      pillar,
      year: decade.getStartSixtyCycleYear().getYear(),
      age: decade.getStartAge(),
      stemGod: tenGod(dayStem, pillar.charAt(0)),
      branchGod: tenGod(dayStem, hiddenStemsOf(pillar.charAt(1))[0] ?? ''),
    };
  });
}

export interface LuckQuestion {
  china: WallSeconds;
  gender: 'male' | 'female';
  rule: BirthInput['luckRule'];
  dayStem: string;
  /** null when the hour is unknown */
  hourPillar: { step: (n: number) => string } | null;
  /** first and last moment of the day, when the hour is unknown */
  range: [WallSeconds, WallSeconds] | null;
}

/** Where the start of luck is earliest and latest in a day: its ends, and by the rule of whole double hours the ends of two of them. */
function rangeOf([first, last]: [WallSeconds, WallSeconds]): WallSeconds[] {
  return [first, first + 59 * 60, last - 179 * 60, last];
}

/** 大运 by the distance to the next (forward) or previous 节, counted from the instant of birth. */
export function luckOf(question: LuckQuestion): Luck {
  const { china, gender, rule, dayStem, hourPillar, range } = question;
  const limit = childLimit(china, gender, rule);
  const startOf = (at: WallSeconds): string => wallText(wallOfEngine(childLimit(at, gender, rule).getEndTime()));
  const ends = range && [...rangeOf(range), china].map(startOf).sort();
  return {
    forward: limit.isForward(),
    start: wallText(wallOfEngine(limit.getEndTime())),
    startAge: limit.getStartDecadeFortune().getStartAge(),
    after: {
      years: limit.getYearCount(),
      months: limit.getMonthCount(),
      days: limit.getDayCount(),
      hours: limit.getHourCount(),
      minutes: limit.getMinuteCount(),
    },
    startRange: ends ? [ends[0] ?? '', ends.at(-1) ?? ''] : null,
    rule,
    decades: decadesOf(limit, dayStem),
    minor:
      hourPillar &&
      Array.from({ length: 10 }, (_, index) => ({
        age: index + 1,
        pillar: hourPillar.step(limit.isForward() ? index + 1 : -index - 1),
      })),
  };
}
