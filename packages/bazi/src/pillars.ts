import { EarthBranch, EightChar, HeavenStem, SixtyCycle } from 'tyme4ts';
import type { BirthInput } from './birth-input.ts';
import { civilOf, DAY, engineTime, type WallSeconds } from './civil.ts';
import type { Moment } from './moment.ts';

export const PILLARS = ['year', 'month', 'day', 'hour'] as const;
export type PillarName = (typeof PILLARS)[number];
/** `hour` is null when the hour is unknown. */
export type PerPillar<T> = { year: T; month: T; day: T; hour: T | null };
/** Two characters each: 庚午. */
export type Pillars = PerPillar<string>;

type ZiHour = BirthInput['ziHour'];

/** Year and month turn at the instant of 立春 and of the 节. @param china UTC+8 clock */
export function yearAndMonth(china: WallSeconds): { year: string; month: string } {
  const hour = engineTime(china).getSixtyCycleHour();
  return { year: hour.getYear().getName(), month: hour.getMonth().getName() };
}

/** Days have counted on through the sixty without a break: 1970-01-01 was 辛巳, the 18th. */
const dayCycle = (dayOfEpoch: number): SixtyCycle => SixtyCycle.fromIndex((((dayOfEpoch + 17) % 60) + 60) % 60);

/**
 * Day and hour pillar from the solar clock, by the three schools of 子时: day turns at 23:00; at midnight with the 23:xx stem of the
 * next day; at midnight with both of the same day. Counted here because tyme4ts knows only two, as a global setting.
 */
export function dayAndHour(solar: WallSeconds, ziHour: ZiHour): { day: string; hour: string } {
  const at = civilOf(solar).hour;
  const today = dayCycle(Math.floor(solar / DAY));
  const tomorrow = today.next(1);
  const late = at === 23;
  const day = late && ziHour === '23' ? tomorrow : today;
  const stemDay = late && ziHour !== 'midnight-same' ? tomorrow : today;
  const branch = Math.floor((at + 1) / 2) % 12;
  const stem = (stemDay.getHeavenStem().getIndex() % 5) * 2 + branch;
  return {
    day: day.getName(),
    hour: HeavenStem.fromIndex(stem).getName() + EarthBranch.fromIndex(branch).getName(),
  };
}

export function pillarsAt(moment: Moment, ziHour: ZiHour): Pillars & { hour: string } {
  return { ...yearAndMonth(moment.china), ...dayAndHour(moment.solar, ziHour) };
}

export interface Derived {
  /** main, middle, residual */
  hiddenStems: PerPillar<string[]>;
  /** `stem` of the day is 日主 itself; `branch` in the order of the hidden stems */
  tenGods: PerPillar<{ stem: string; branch: string[] }>;
  nayin: PerPillar<string>;
  /** 空亡 of each pillar's own ten: 申酉 */
  void: PerPillar<string>;
  /** the ten (旬) a pillar belongs to: 甲申 */
  xun: PerPillar<string>;
  /** 长生十二神 of the day master (星运) */
  terrain: PerPillar<string>;
  /** 长生十二神 of each pillar's stem on its own branch (自坐) */
  ownTerrain: PerPillar<string>;
  fetalOrigin: string;
  fetalBreath: string;
  /** 命宫, null without the hour */
  ownSign: string | null;
  /** 身宫, null without the hour */
  bodySign: string | null;
}

export function perPillar<T>(pillars: Pillars, make: (pillar: string, name: PillarName) => T): PerPillar<T> {
  return {
    year: make(pillars.year, 'year'),
    month: make(pillars.month, 'month'),
    day: make(pillars.day, 'day'),
    hour: pillars.hour === null ? null : make(pillars.hour, 'hour'),
  };
}

export function hiddenStemsOf(branch: string): string[] {
  return EarthBranch.fromName(branch)
    .getHideHeavenStems()
    .map((hidden) => hidden.getName());
}

export function tenGod(dayStem: string, stem: string): string {
  return HeavenStem.fromName(dayStem).getTenStar(HeavenStem.fromName(stem)).getName();
}

/** All that follows from the pillars alone. */
export function derive(pillars: Pillars): Derived {
  const cycle = (name: string): SixtyCycle => SixtyCycle.fromName(name);
  const dayStem = cycle(pillars.day).getHeavenStem();
  // The fetal values do not look at the hour: any hour will do for them.
  const whole = new EightChar(pillars.year, pillars.month, pillars.day, pillars.hour ?? '甲子');
  const branchOf = (pillar: string): string => cycle(pillar).getEarthBranch().getName();
  return {
    hiddenStems: perPillar(pillars, (pillar) => hiddenStemsOf(branchOf(pillar))),
    tenGods: perPillar(pillars, (pillar, name) => ({
      stem: name === 'day' ? '日主' : tenGod(dayStem.getName(), cycle(pillar).getHeavenStem().getName()),
      branch: hiddenStemsOf(branchOf(pillar)).map((stem) => tenGod(dayStem.getName(), stem)),
    })),
    nayin: perPillar(pillars, (pillar) => cycle(pillar).getSound().getName()),
    void: perPillar(pillars, (pillar) =>
      cycle(pillar)
        .getExtraEarthBranches()
        .map((branch) => branch.getName())
        .join(''),
    ),
    xun: perPillar(pillars, (pillar) => `${cycle(pillar).getTen().getName()}`),
    terrain: perPillar(pillars, (pillar) => dayStem.getTerrain(cycle(pillar).getEarthBranch()).getName()),
    ownTerrain: perPillar(pillars, (pillar) => {
      const own = cycle(pillar);
      return own.getHeavenStem().getTerrain(own.getEarthBranch()).getName();
    }),
    fetalOrigin: whole.getFetalOrigin().getName(),
    fetalBreath: whole.getFetalBreath().getName(),
    ownSign: pillars.hour === null ? null : whole.getOwnSign().getName(),
    bodySign: pillars.hour === null ? null : whole.getBodySign().getName(),
  };
}
