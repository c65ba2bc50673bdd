import { readFileSync } from 'node:fs';
import { z } from 'zod';

const four = z.object({ year: z.string(), month: z.string(), day: z.string(), hour: z.string() }).partial();
const lists = z
  .object({
    year: z.array(z.string()),
    month: z.array(z.string()),
    day: z.array(z.string()),
    hour: z.array(z.string()),
  })
  .partial();

const expectSchema = z.object({
  year: z.string().optional(),
  month: z.string().optional(),
  day: z.string().optional(),
  hour: z.string().optional(),
  lunar: z.object({ year: z.number(), month: z.number(), day: z.number(), leap: z.boolean() }).optional(),
  solarDate: z.string().optional(),
  firstDecade: z
    .object({ pillar: z.string(), startAge: z.number().optional(), startYear: z.number().optional() })
    .optional(),
  branches: z.array(z.string()).optional(),
  monthBranch: z.string().optional(),
  void: z.union([z.string(), four]).optional(),
  xun: z.string().optional(),
  bodySign: z.string().optional(),
  ownSign: z.string().optional(),
  fetalOrigin: z.string().optional(),
  fetalBreath: z.string().optional(),
  luckStart: z
    .object({ years: z.number(), months: z.number(), days: z.number(), date: z.string(), time: z.string() })
    .partial()
    .optional(),
  tenGodStem: four.optional(),
  tenGodBranch: lists.optional(),
  hiddenStems: lists.optional(),
  nayin: z.union([z.string(), four]).optional(),
  terrain: four.optional(),
  zodiac: z.string().optional(),
  dstMinutes: z.number().optional(),
  longitudeOffsetMin: z.number().optional(),
  longitudeToleranceMin: z.number().optional(),
  trueSolarTime: z.string().optional(),
  trueSolarToleranceMin: z.number().optional(),
  decades: z.record(z.string(), z.string()).optional(),
  minorLuckFromAge1: z.array(z.string()).optional(),
  minorLuckAtStart: z.string().optional(),
});

const caseSchema = z.object({
  id: z.string(),
  source: z.string(),
  input: z.object({
    calendar: z.enum(['solar', 'lunar', 'pillars']),
    date: z.string().optional(),
    time: z.string().optional(),
    gender: z.enum(['male', 'female']).optional(),
    leapMonth: z.boolean().optional(),
    sect: z.number().optional(),
    tz: z.string().optional(),
    longitude: z.number().optional(),
    solarTime: z.enum(['none', 'mean', 'true']).optional(),
    luckRule: z.string().optional(),
    pillar: z.string().optional(),
    pillars: z.array(z.string()).optional(),
  }),
  expect: z.strictObject(expectSchema.shape),
});

export type VectorCase = z.output<typeof caseSchema>;

/** Published charts; each case names its source. A field that we do not know how to compare fails the reading. */
export const vectors: VectorCase[] = z
  .object({ cases: z.array(caseSchema) })
  .parse(JSON.parse(readFileSync(new URL('../vectors/bazi.json', import.meta.url), 'utf8'))).cases;

const LUCK_RULES: Record<string, string> = {
  'tyme-default': 'default',
  china95: 'china95',
  'lunar-sect1': 'lunar1',
  'lunar-sect2': 'lunar2',
};

/** Published charts take the clock as standard time, unless the case is about a zone's summer time. */
export function vectorInput(input: VectorCase['input']): Record<string, unknown> {
  return {
    calendar: input.calendar,
    date: input.date,
    time: input.time ?? null,
    gender: input.gender ?? null,
    leap: input.leapMonth ?? false,
    longitude: input.longitude ?? null,
    tz: input.tz ?? 'Asia/Shanghai',
    solarTime: input.solarTime ?? (input.tz === undefined ? 'none' : 'standard'),
    ziHour: input.sect === 2 ? 'midnight' : '23',
    luckRule: LUCK_RULES[input.luckRule ?? 'tyme-default'],
  };
}
