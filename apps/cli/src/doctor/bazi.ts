import { answerJsonLine, createYuanfenjuSource, YuanfenjuRefused } from '@mingdan/bazi';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { CALL_TIMEOUT_MS, type Finding, findingsOf } from './finding.ts';

const { ok, fail } = findingsOf('bazi');

/** The vendor's own published sample: what the local engine must compute whatever the source is. */
const SAMPLE = { calendar: 'solar', date: '1988-01-08', time: '12:20', gender: 'female' };
const PILLARS = '丁卯 癸丑 壬戌 丙午';
const chart = z.looseObject({
  pillars: z.object({ year: z.string(), month: z.string(), day: z.string(), hour: z.string() }),
});

export async function checkBazi(context: Context): Promise<Finding[]> {
  return [checkEngine(), ...(await checkSource(context))];
}

function checkEngine(): Finding {
  const read = chart.safeParse(JSON.parse(answerJsonLine(JSON.stringify(SAMPLE))));
  const pillars = read.success ? Object.values(read.data.pillars).join(' ') : '';
  return pillars === PILLARS ? ok('engine') : fail('engine_wrong');
}

async function checkSource(context: Context): Promise<Finding[]> {
  const { source, yuanfenju } = context.settings().config.bazi;
  if (source === 'local' || yuanfenju === null) return [ok('local')];
  try {
    const { expires, remainingCalls } = await createYuanfenjuSource(yuanfenju).checkAccount(
      AbortSignal.timeout(CALL_TIMEOUT_MS),
    );
    return [ok('yuanfenju', { calls: remainingCalls ?? '–', expires: expires ?? '–' })];
  } catch (error) {
    return [fail(error instanceof YuanfenjuRefused ? 'yuanfenju_refused' : 'yuanfenju_no_answer')];
  }
}
