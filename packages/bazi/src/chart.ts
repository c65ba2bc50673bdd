import { SixtyCycle } from 'tyme4ts';
import { BirthError } from './birth-error.ts';
import type { BirthInput } from './birth-input.ts';
import { wallText } from './civil.ts';
import type { PerElement } from './elements.ts';
import { isYang, stemElement } from './elements.ts';
import { type Luck, luckOf } from './luck.ts';
import {
  type BirthDay,
  birthDay,
  type Correction,
  clockOf,
  type LunarDate,
  type Moment,
  momentsOf,
  nearestMoment,
  solarDateText,
} from './moment.ts';
import { type Derived, derive, type PerPillar, type Pillars, pillarsAt } from './pillars.ts';
import { type Relation, relationsOf } from './relations.ts';
import { starsOf } from './stars.ts';
import {
  countElements,
  type Favourable,
  favourableOf,
  type Strength,
  seasonOf,
  strengthOf,
  weighElements,
} from './strength.ts';
import { ifReached, type Term, termsAround } from './terms.ts';
import { animalOf, dayWarnings, foldWarnings, momentWarnings, settingWarnings, type Warning } from './warnings.ts';
import { baziYear, type Outlook, outlookOf } from './years.ts';

export interface TermDistance {
  name: string;
  /** clock of UTC+8 */
  at: string;
  days: number;
}

/** Computed readings of the pillars, for the prompt: the model phrases them and computes nothing. */
export interface Analysis {
  dayMaster: { stem: string; element: string; yinYang: '阳' | '阴' };
  elements: { count: PerElement<number>; weighted: PerElement<number> };
  season: PerElement<string>;
  strength: Strength;
  favourable: Favourable;
  relations: Relation[];
  stars: PerPillar<string[]>;
  /** the 节 around the birth, with the distance in days */
  terms: { previous: TermDistance; next: TermDistance | null };
  /** 流年 and 流月; null when no `now` was given */
  outlook: Outlook | null;
}

/** A finished chart. Texts are Chinese terms of the trade; times are clocks without a zone. */
export interface Chart extends Derived {
  pillars: Pillars;
  /** Gregorian date of the clock (Julian before 1582-10-15) */
  solarDate: string;
  lunarDate: LunarDate;
  /** solar clock that day and hour were read from; null when the hour is unknown */
  solarTimeUsed: string | null;
  luck: Luck | null;
  warnings: Warning[];
  /** `bazi` turns at 立春, `daily` at 正月初一 */
  zodiac: { bazi: string; daily: string };
  /** bazi year (turns at 立春) in which nominal age 1 is counted */
  birthYear: number;
  correction: Correction;
  /** the input as it was understood */
  birth: BirthInput;
  analysis: Analysis;
}

const NOON = '12:00';

interface Reading {
  moments: Moment[];
  main: Moment;
  pillars: Pillars;
  warnings: Warning[];
  range: [Moment, Moment] | null;
}

function readKnownHour(input: BirthInput, day: BirthDay, time: string): Reading {
  const moments = momentsOf(input, clockOf(day, time));
  const main = moments[0];
  if (!main) {
    throw new BirthError('no_such_time', 'summer time began then: the clock skipped that time', 'time');
  }
  const warnings = [
    ...foldWarnings(moments, input.ziHour, wallText),
    ...moments.flatMap((moment) => momentWarnings(moment, input.ziHour)),
  ];
  return { moments, main, pillars: pillarsAt(main, input.ziHour), warnings, range: null };
}

function readUnknownHour(input: BirthInput, day: BirthDay): Reading {
  const main = nearestMoment(input, clockOf(day, NOON));
  const first = nearestMoment(input, clockOf(day, '00:00'));
  const last = nearestMoment(input, clockOf(day, '23:59'));
  const pillars = { ...pillarsAt(main, input.ziHour), hour: null };
  const warnings = dayWarnings(first, last, pillars, input.ziHour);
  return { moments: [main], main, pillars, warnings, range: [first, last] };
}

function luckFor(input: BirthInput, reading: Reading, gender: 'male' | 'female'): Luck {
  const { main, pillars, range } = reading;
  const hour = pillars.hour === null ? null : SixtyCycle.fromName(pillars.hour);
  return luckOf({
    china: main.china,
    gender,
    rule: input.luckRule,
    dayStem: pillars.day.charAt(0),
    hourPillar: hour && { step: (n) => hour.next(n).getName() },
    range: range && [range[0].china, range[1].china],
  });
}

function luckWarning(input: BirthInput, reading: Reading, luck: Luck | null): Warning[] {
  if (input.gender !== null) return luck ? [] : [{ code: 'luck_beyond_engine' }];
  const brief = (gender: 'male' | 'female') =>
    ifReached(() => {
      const { forward, start, startAge } = luckFor(input, reading, gender);
      return { forward, start, startAge };
    });
  return [{ code: 'gender_unknown', ifMale: brief('male'), ifFemale: brief('female') }];
}

function termDistances(main: Moment): Analysis['terms'] {
  const { previous, next } = termsAround(main.china);
  const distance = (term: Term): TermDistance => ({
    name: term.name,
    at: term.at,
    days: Math.round((Math.abs(term.seconds - main.china) / 86_400) * 100) / 100,
  });
  return { previous: distance(previous), next: next && distance(next) };
}

function analyse(reading: Reading, birthYear: number, luck: Luck | null, now: Date | undefined): Analysis {
  const { pillars } = reading;
  const stem = pillars.day.charAt(0);
  const strength = strengthOf(pillars);
  return {
    dayMaster: { stem, element: stemElement(stem), yinYang: isYang(stem) ? '阳' : '阴' },
    elements: { count: countElements(pillars), weighted: weighElements(pillars) },
    season: seasonOf(pillars),
    strength,
    favourable: favourableOf(pillars, strength),
    relations: relationsOf(pillars),
    stars: starsOf(pillars),
    terms: termDistances(reading.main),
    outlook: now ? outlookOf(pillars, birthYear, luck, now) : null,
  };
}

function build(input: BirthInput, now: Date | undefined): Chart {
  const day = birthDay(input);
  const reading = input.time === null ? readUnknownHour(input, day) : readKnownHour(input, day, input.time);
  const { pillars, main } = reading;
  const { gender } = input;
  const luck = gender === null ? null : ifReached(() => luckFor(input, reading, gender));
  const birthYear = baziYear(main.china);
  return {
    pillars,
    solarDate: solarDateText(day),
    lunarDate: day.lunar,
    solarTimeUsed: input.time === null ? null : wallText(main.solar),
    ...derive(pillars),
    luck,
    warnings: [
      ...reading.warnings,
      ...luckWarning(input, reading, luck),
      ...settingWarnings(input, day, pillars, main.correction.dstMinutes),
    ],
    zodiac: { bazi: animalOf(pillars.year.charAt(1)), daily: animalOf(day.lunar.year) },
    birthYear,
    correction: main.correction,
    birth: input,
    analysis: analyse(reading, birthYear, luck, now),
  };
}

/**
 * The chart of a birth, computed here and at once. Year and month come from the instant, day and hour from the solar clock:
 * two questions to the engine, since one with shifted time misplaces births near a 节.
 * @param now adds 流年 and 流月 from then on
 * @throws BirthError for births that cannot have been, or that the engine does not reach
 */
export function computeChart(input: BirthInput, now?: Date): Chart {
  try {
    return build(input, now);
  } catch (cause) {
    if (cause instanceof BirthError) throw cause;
    throw new BirthError('not_computable', 'the calendar engine does not compute that date', 'date', cause);
  }
}
