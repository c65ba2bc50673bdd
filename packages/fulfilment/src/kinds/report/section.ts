import { openInput } from '@mingdan/orders';
import { buildPrompt, drawnCardSchema, ModelError, modelUserId, writeSection } from '@mingdan/report';
import { z } from 'zod';
import type { Step, StepContext, StepOutcome } from '../../contract.ts';
import { countRefusal, mayAskModel, modelAnswered, pauseFulfilment, STREAK_LIMIT } from '../../health.ts';
import { chartResultSchema } from './chart.ts';
import { languageOf, type ReportDeps, reportInputSchema } from './contract.ts';

export const sectionResultSchema = z.object({ text: z.string() });

export const sectionStepName = (section: string): string => `section:${section}`;

/** One section of the report, written by the model and saved, so that it is paid for once. */
export function sectionStep(deps: ReportDeps, section: string): Step {
  return {
    name: sectionStepName(section),
    async run(context) {
      const gate = await mayAskModel(deps.db);
      if (!gate.may) return { kind: 'rest', seconds: gate.seconds, why: 'fulfilment is paused' };
      try {
        const { text, usage, costMicros, durationMs } = await write(deps, context, section);
        if (gate.troubled) await modelAnswered(deps);
        const cost = {
          promptTokens: usage.promptTokens,
          cachedTokens: usage.cacheHitTokens,
          completionTokens: usage.completionTokens,
          costMicros,
          durationMs,
        };
        return { kind: 'done', result: { text }, cost };
      } catch (error) {
        if (!(error instanceof ModelError) || error.kind === 'aborted') throw error;
        return outcomeOf(deps, context, error);
      }
    },
  };
}

async function write(deps: ReportDeps, context: StepContext, section: string) {
  const { order, results, signal, failures } = context;
  const language = languageOf(order);
  const input = reportInputSchema.parse(openInput(deps.vault, order) ?? {});
  const chart = chartResultSchema.safeParse(results.get('bazi')).data?.chart;
  const cards = z.array(drawnCardSchema).safeParse(results.get('cards')).data;
  const prompt = buildPrompt({
    slug: order.productSlug,
    section,
    language,
    // The day the buyer paid is the report's today, also after a restart at midnight.
    now: order.paidAt ?? deps.clock.now(),
    ...(input.name ? { name: input.name } : {}),
    ...(input.question ? { question: input.question } : {}),
    ...(chart === undefined ? {} : { chart }),
    ...(cards ? { cards } : {}),
  });
  return writeSection(
    { model: deps.model, log: context.log, maxRetries: deps.modelRetries, retryBaseMs: deps.retryBaseMs },
    {
      section,
      prompt,
      userId: modelUserId(deps.userIdSecret, order.userId ?? order.orderNo),
      check: { language, ...(chart === undefined ? {} : { chart }) },
      failedBefore: failures,
      onFailure: (count) => context.countFailure(count),
      signal,
    },
  );
}

/** Whose fault it was decides: ours or the operator's pauses the queue, the text's or an outage's ends the order after its retries. */
async function outcomeOf(deps: ReportDeps, context: StepContext, error: ModelError): Promise<StepOutcome> {
  if (error.kind === 'operator') {
    await pauseFulfilment(deps, error.message, error.hint);
    return { kind: 'rest', seconds: 5, why: error.code };
  }
  if (error.kind === 'request') {
    const inARow = await countRefusal(deps.db, context.order.id, `${error.status ?? ''}:${error.code}`);
    if (inARow >= STREAK_LIMIT) {
      await pauseFulfilment(deps, error.message, error.hint);
      return { kind: 'rest', seconds: 5, why: error.code };
    }
  }
  return { kind: 'give_up', reason: error.kind === 'content_filter' ? 'content_refused' : 'model_failed' };
}
