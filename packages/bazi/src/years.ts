import { SixtyCycle } from 'tyme4ts';
import type { Luck } from './luck.ts';
import { hiddenStemsOf, type Pillars, tenGod } from './pillars.ts';
import { type Relation, relationsWith } from './relations.ts';
import { termsAround, termsOfYear } from './terms.ts';
import { CHINA_OFFSET } from './zone.ts';

export interface Flow {
  pillar: string;
  stemGod: string;
  branchGod: string;
  relations: Relation[];
}

/** 流年: from 立春 of `year` to the next. */
export interface YearFlow extends Flow {
  year: number;
  /** 立春, clock of UTC+8 */
  from: string;
  /** nominal age (虚岁) */
  age: number;
}

/** 流月: from one 节 to the next. */
export interface MonthFlow extends Flow {
  term: string;
  from: string;
}

export interface Outlook {
  /** current year first */
  years: YearFlow[];
  /** the twelve months of the current year */
  months: MonthFlow[];
  /** pillar of the decade that is running, null before the first */
  decade: string | null;
  /** the ten years of the running decade */
  decadeYears: YearFlow[];
}

function flow(pillars: Pillars, pillar: string): Flow {
  const dayStem = pillars.day.charAt(0);
  return {
    pillar,
    stemGod: tenGod(dayStem, pillar.charAt(0)),
    branchGod: tenGod(dayStem, hiddenStemsOf(pillar.charAt(1))[0] ?? ''),
    relations: relationsWith(pillars, pillar),
  };
}

const pillarOfYear = (year: number): string => SixtyCycle.fromIndex(year - 4).getName();

/** Year that turns at 立春. */
export function baziYear(chinaSeconds: number): number {
  const { previous } = termsAround(chinaSeconds);
  const year = Number(previous.at.slice(0, 4));
  // In Julian dates around 1500 the last 节 of a year fell into December.
  return previous.name === '小寒' && previous.at.slice(5, 7) === '01' ? year - 1 : year;
}

function yearFlow(pillars: Pillars, year: number, birthYear: number): YearFlow {
  return {
    year,
    from: termsOfYear(year)[0]?.at ?? '',
    age: year - birthYear + 1,
    ...flow(pillars, pillarOfYear(year)),
  };
}

function monthsOf(pillars: Pillars, year: number): MonthFlow[] {
  // 五虎遁: the first month's stem follows from the year's stem; months then count on through the sixty.
  const stem = (((year - 4) % 10) * 2 + 2) % 10;
  const first = SixtyCycle.fromIndex((6 * stem - 5 * 2 + 600) % 60);
  return termsOfYear(year)
    .slice(0, 12)
    .map((term, index) => ({ term: term.name, from: term.at, ...flow(pillars, first.next(index).getName()) }));
}

/**
 * 流年 and 流月 from `now` on.
 * @param birthYear year of birth as it turns at 立春
 * @param count how many years, the current one included
 */
export function outlookOf(pillars: Pillars, birthYear: number, luck: Luck | null, now: Date, count = 4): Outlook {
  const current = baziYear(Math.floor(now.getTime() / 1000) + CHINA_OFFSET);
  const decade = luck?.decades.findLast((entry) => entry.year <= current);
  const year = (at: number): YearFlow => yearFlow(pillars, at, birthYear);
  return {
    years: Array.from({ length: count }, (_, index) => year(current + index)),
    months: monthsOf(pillars, current),
    decade: decade?.pillar ?? null,
    decadeYears: decade ? Array.from({ length: 10 }, (_, index) => year(decade.year + index)) : [],
  };
}
