import { type BaziSource, readBirth, YuanfenjuUnreachable } from '@mingdan/bazi';
import { backoffMs, messageOf } from '@mingdan/kernel';
import { openInput } from '@mingdan/orders';
import { drawCards } from '@mingdan/report';
import { z } from 'zod';
import type { Step, StepContext, StepOutcome } from '../../contract.ts';
import type { ReportDeps } from './contract.ts';

/** Calls of an outside source before the order fails (or falls back). */
const MOST_TRIES = 3;

export const chartResultSchema = z.object({
  chart: z.unknown(),
  source: z.enum(['local', 'yuanfenju']),
  /** the source that was asked for did not answer, and the local engine did it */
  fellBack: z.boolean(),
});
export type ChartResult = z.infer<typeof chartResultSchema>;

/** The chart behind the report, from the source that was decided when the order was made. Saved: a source is asked once. */
export function chartStep(deps: ReportDeps): Step {
  return {
    name: 'bazi',
    async run(context) {
      const { order, failures } = context;
      // Its buyer asked to be forgotten, and the money came afterwards.
      if (order.input === null) return { kind: 'give_up', reason: 'data_forgotten' };
      const wanted = order.baziSource === 'yuanfenju' ? deps.sources.yuanfenju : deps.sources.local;
      if (wanted && failures < MOST_TRIES) return askSource(deps, context, wanted);
      if (deps.fallbackToLocal) return askSource(deps, context, deps.sources.local, true);
      return { kind: 'give_up', reason: 'bazi_failed' };
    },
  };
}

async function askSource(
  deps: ReportDeps,
  context: StepContext,
  source: BaziSource,
  fellBack = false,
): Promise<StepOutcome> {
  const { order, failures, log, signal } = context;
  const started = performance.now();
  try {
    const found = await source.chart(readBirth(openInput(deps.vault, order)), signal);
    const ms = Math.round(performance.now() - started);
    log.info({ call: source.name, ms, warnings: found.warnings.length }, 'chart computed');
    const result: ChartResult = { chart: found.chart, source: source.name, fellBack };
    return { kind: 'done', result, cost: { durationMs: ms } };
  } catch (error) {
    if (signal.aborted || source.name === 'local') throw error;
    // What the vendor refuses for good is not asked again: the remaining tries are spent at once.
    const spent = error instanceof YuanfenjuUnreachable ? failures + 1 : MOST_TRIES;
    log.warn({ call: source.name, failures: spent, cause: messageOf(error) }, 'the bazi source failed');
    await context.countFailure(spent);
    return {
      kind: 'rest',
      seconds: spent >= MOST_TRIES ? 0 : backoffMs(failures, deps.retryBaseMs, 60_000) / 1000,
      why: 'bazi source',
    };
  }
}

/** Products about cards: three of them, drawn once by us and never by the model. */
export function cardsStep(): Step {
  return { name: 'cards', run: async () => ({ kind: 'done', result: drawCards() }) };
}
