import { type Luck, type MonthFlow, outlookOf, type YearFlow } from '@mingdan/bazi';
import { z } from 'zod';
import { chartDataSchema } from './chart-data.ts';

const shanghai = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Shanghai', dateStyle: 'short' });

/** yyyy-mm-dd in Asia/Shanghai */
export function dayOf(now: Date): string {
  return shanghai.format(now);
}

/** The year that a report looks at first: the current one, and in December, when that is nearly over, the coming one. */
export function reportYear(now: Date): number {
  const [year, month] = dayOf(now).split('-').map(Number);
  return (year ?? 0) + (month === 12 ? 1 : 0);
}

const luckSchema = z.custom<Luck>(
  (luck) =>
    z.looseObject({ decades: z.array(z.looseObject({ pillar: z.string(), year: z.number() })) }).safeParse(luck)
      .success,
);

const computedChart = chartDataSchema.extend({ birthYear: z.int(), luck: luckSchema.nullable() });

export interface ReportOutlook {
  /** the report's year and the three after it */
  years: YearFlow[];
  /** the twelve months of the report's year, from 立春 */
  months: MonthFlow[];
  /** pillar of the decade that runs in the report's year */
  decade: string | null;
}

/**
 * 流年 and 流月 as the prompt carries them, computed and never left to the model.
 * @returns undefined where the chart is none of our engine's and lacks what they are computed from
 */
export function reportOutlook(chart: unknown, now: Date): ReportOutlook | undefined {
  const parsed = computedChart.safeParse(chart);
  if (!parsed.success) return undefined;
  const { pillars, birthYear, luck } = parsed.data;
  // Any day in the middle of the year lies behind its 立春.
  const { years, months, decade } = outlookOf(pillars, birthYear, luck, new Date(`${reportYear(now)}-07-01T00:00:00Z`));
  return { years, months, decade };
}
