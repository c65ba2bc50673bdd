import { chartDataSchema } from './chart-data.ts';
import { fencePattern } from './fenced-data.ts';
import type { Language } from './language.ts';
import { claimedPillars, type PillarName } from './pillar-claims.ts';

export interface CheckOptions {
  /** left out for reports without a chart */
  chart?: unknown;
  language: Language;
  /** `Prompt.periods`; `writeSection` fills it in */
  periods?: readonly string[];
  /** fewest characters that count as a section */
  minChars?: number;
}

export type CheckProblem = 'too_short' | 'refused' | 'leaked_fence' | 'wrong_pillar';

/** A bare line is no report; real sections are hundreds of characters, so this catches only what is plainly broken. */
const MIN_CHARS = 16;

const REFUSAL =
  /^\W*(抱歉|对不起|對不起|很遗憾|很遺憾|作为(一个)?(AI|人工智能)|作為(一個)?(AI|人工智慧)|sorry|i'?m sorry|i can(no|')t|as an ai)/i;
const REFUSAL_CHARS = 200;

/** Looks at a finished section. @returns what is wrong with it; undefined where nothing is */
export function checkSection(text: string, options: CheckOptions): CheckProblem | undefined {
  const length = text.replace(/\s/g, '').length;
  if (length < (options.minChars ?? MIN_CHARS)) return 'too_short';
  if (length < REFUSAL_CHARS && REFUSAL.test(text)) return 'refused';
  if (fencePattern.test(text)) return 'leaked_fence';
  return contradictsChart(text, options) ? 'wrong_pillar' : undefined;
}

/** Only what the text says to be one of the four pillars is compared; 大运 and 流年 pillars are free to appear. */
function contradictsChart(text: string, { chart, periods = [] }: CheckOptions): boolean {
  const parsed = chartDataSchema.safeParse(chart);
  if (!parsed.success) return false;
  const { pillars, warnings } = parsed.data;
  // Near a boundary the warnings name the other candidate, and the text may weigh both.
  const also: string[] =
    JSON.stringify(warnings ?? []).match(/[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]/g) ?? [];
  const ofPeriod = (name: PillarName, pair: string) => (name === 'year' || name === 'month') && periods.includes(pair);
  return claimedPillars(text).some(
    ({ name, pair }) => pair !== pillars[name] && !also.includes(pair) && !ofPeriod(name, pair),
  );
}
