import { z } from 'zod';

const pillar = z.string().regex(/^[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]$/);

/** The little that this package must understand of a chart; all else in it goes to the prompt as it is. */
export const chartDataSchema = z.looseObject({
  pillars: z.looseObject({ year: pillar, month: pillar, day: pillar, hour: pillar.nullable() }),
  warnings: z.unknown().optional(),
  analysis: z.looseObject({}).optional(),
});
