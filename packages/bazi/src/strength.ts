import {
  branchElement,
  type Element,
  elementFrom,
  type PerElement,
  perElement,
  seasonState,
  stemElement,
} from './elements.ts';
import { hiddenStemsOf, PILLARS, type PillarName, type Pillars } from './pillars.ts';

export interface Strength {
  /** share of all weights that stand on the day master's side (own element and the one that begets it), 0–100 */
  score: number;
  label: '身弱' | '偏弱' | '中和' | '偏强' | '身强';
  /** born in a month whose branch is of its side */
  inSeason: boolean;
  /** pillars whose branch hides its element (通根) */
  roots: PillarName[];
  /** other stems on its side */
  supporters: number;
  /** how this was counted: schools differ, the report names it */
  rule: string;
}

export interface Favourable {
  elements: Element[];
  /** 扶抑: balance of strength; 调候: warmth or moisture of the season comes first */
  reason: '扶抑' | '调候';
  rule: string;
}

const RULE =
  '扶抑计分：天干各10分（日主不计），地支各10分按藏干分配（单气10，双气7/3，三气6/3/1），月支三倍；日主同类与生扶所占百分比：<30身弱，<45偏弱，≤55中和，≤70偏强，>70身强';
const FAVOUR_RULE =
  '身弱、偏弱取生扶，身强、偏强取克泄耗（先少者）；中和者亥子丑月取火、巳午未月取水调候，其余取最少之五行';

const SHARES: Record<number, number[]> = { 1: [10], 2: [7, 3], 3: [6, 3, 1] };

interface Weight {
  element: Element;
  weight: number;
}

function weightsOf(pillars: Pillars): Weight[] {
  return PILLARS.flatMap((name) => {
    const pillar = pillars[name];
    if (pillar === null) return [];
    const hidden = hiddenStemsOf(pillar.charAt(1));
    const times = name === 'month' ? 3 : 1;
    const branch = hidden.map((stem, index) => ({
      element: stemElement(stem),
      weight: times * (SHARES[hidden.length]?.[index] ?? 0),
    }));
    return name === 'day' ? branch : [{ element: stemElement(pillar.charAt(0)), weight: 10 }, ...branch];
  });
}

/** How many of the eight (six, hour unknown) characters are of each element. */
export function countElements(pillars: Pillars): PerElement<number> {
  const all = PILLARS.flatMap((name) => {
    const pillar = pillars[name];
    return pillar === null ? [] : [stemElement(pillar.charAt(0)), branchElement(pillar.charAt(1))];
  });
  return perElement((element) => all.filter((other) => other === element).length);
}

/** Weights by the rule of `strengthOf`, hidden stems included, day master left out. */
export function weighElements(pillars: Pillars): PerElement<number> {
  const weights = weightsOf(pillars);
  return perElement((element) =>
    weights.filter((entry) => entry.element === element).reduce((sum, entry) => sum + entry.weight, 0),
  );
}

function labelOf(score: number): Strength['label'] {
  if (score < 30) return '身弱';
  if (score < 45) return '偏弱';
  if (score <= 55) return '中和';
  return score <= 70 ? '偏强' : '身强';
}

/** 旺衰 by one fixed count, so that a chart always gets the same answer. */
export function strengthOf(pillars: Pillars): Strength {
  const self = stemElement(pillars.day.charAt(0));
  const onItsSide = (element: Element): boolean => element === self || element === elementFrom(self, -1);
  const weights = weightsOf(pillars);
  const total = weights.reduce((sum, entry) => sum + entry.weight, 0);
  const own = weights.filter((entry) => onItsSide(entry.element)).reduce((sum, entry) => sum + entry.weight, 0);
  const score = Math.round((own / total) * 100);
  const others = PILLARS.filter((name) => name !== 'day' && pillars[name] !== null);
  return {
    score,
    label: labelOf(score),
    inSeason: onItsSide(branchElement(pillars.month.charAt(1))),
    roots: PILLARS.filter((name) =>
      hiddenStemsOf(pillars[name]?.charAt(1) ?? '子').some(
        (stem) => pillars[name] !== null && stemElement(stem) === self,
      ),
    ),
    supporters: others.filter((name) => onItsSide(stemElement(pillars[name]?.charAt(0) ?? ''))).length,
    rule: RULE,
  };
}

/** 旺相休囚死 of each element in the month of birth. */
export function seasonOf(pillars: Pillars): PerElement<string> {
  const month = branchElement(pillars.month.charAt(1));
  return perElement((element) => seasonState(month, element));
}

/** A candidate for 用神, with the reason. Schools differ. */
export function favourableOf(pillars: Pillars, strength: Strength): Favourable {
  const self = stemElement(pillars.day.charAt(0));
  const weights = weighElements(pillars);
  const fewestFirst = (elements: Element[]): Element[] => [...elements].sort((a, b) => weights[a] - weights[b]);
  if (strength.score < 45) return { elements: [elementFrom(self, -1), self], reason: '扶抑', rule: FAVOUR_RULE };
  if (strength.score > 55) {
    const draining = [1, 2, 3].map((steps) => elementFrom(self, steps));
    return { elements: fewestFirst(draining), reason: '扶抑', rule: FAVOUR_RULE };
  }
  const month = pillars.month.charAt(1);
  if ('亥子丑'.includes(month)) return { elements: ['火'], reason: '调候', rule: FAVOUR_RULE };
  if ('巳午未'.includes(month)) return { elements: ['水'], reason: '调候', rule: FAVOUR_RULE };
  return { elements: fewestFirst(['木', '火', '土', '金', '水']).slice(0, 1), reason: '扶抑', rule: FAVOUR_RULE };
}
