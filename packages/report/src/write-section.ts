import { backoffMs, type Logger, pause } from '@mingdan/kernel';
import { type CheckOptions, checkSection } from './check.ts';
import type { Model, Written } from './model.ts';
import { ModelError, retryable } from './model-error.ts';
import type { Prompt } from './prompt.ts';

export interface SectionWriter {
  model: Model;
  /** with the order number bound */
  log: Logger;
  /** retries after the first call (DEEPSEEK_MAX_RETRIES) */
  maxRetries: number;
  retryBaseMs: number;
  /** handed in by tests */
  wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

export interface SectionJob {
  /** for the log */
  section: string;
  prompt: Prompt;
  userId: string;
  check: CheckOptions;
  /** failures of this section that were counted before a crash or a takeover */
  failedBefore?: number;
  /** Called after each failure that counts, with the number so far, so that it can be stored before the next call. */
  onFailure?: (count: number, error: ModelError) => Promise<void> | void;
  signal?: AbortSignal;
}

export interface WrittenSection extends Written {
  /** failures before it, over all processes */
  failures: number;
}

const WAIT_CAP_MS = 60_000;
/** An overloaded service wants longer pauses than a single fault: 10 s where the base is 2 s. */
const OVERLOADED_FACTOR = 5;

/**
 * Writes one section with at most 1 + `maxRetries` calls, those before a crash included.
 * Not counted, since no retry helps and the order may come back later: `operator`, `request` and `aborted`.
 * @throws ModelError the last failure
 */
export async function writeSection(writer: SectionWriter, job: SectionJob): Promise<WrittenSection> {
  const seen = new Set<string>();
  let failures = job.failedBefore ?? 0;
  let ask = { user: job.prompt.user, maxTokens: writer.model.maxTokens };
  if (failures > writer.maxRetries) {
    throw retryable('model_retries_used_up', 'all tries of this section were used up before', 'See the log for why');
  }
  for (;;) {
    const outcome = await tryOnce(writer, job, { ...ask, insists: seen.has('wrong_pillar') });
    if (!(outcome instanceof ModelError)) return { ...outcome, failures };
    if (['operator', 'request', 'aborted'].includes(outcome.kind)) throw outcome;
    failures += 1;
    await job.onFailure?.(failures, outcome);
    if (failures > writer.maxRetries || seen.has(outcome.kind)) throw outcome;
    // A second cut or withheld answer to the changed prompt is final; other faults may repeat up to the limit.
    if (outcome.kind !== 'retryable') seen.add(outcome.kind);
    if (outcome.code === 'wrong_pillar') seen.add(outcome.code);
    if (outcome.kind === 'length') ask = { user: job.prompt.shorter, maxTokens: 2 * ask.maxTokens };
    if (outcome.kind === 'content_filter') ask = { ...ask, user: job.prompt.softer };
    await (writer.wait ?? pause)(waitBefore(failures, outcome, writer.retryBaseMs), job.signal);
  }
}

async function tryOnce(
  writer: SectionWriter,
  job: SectionJob,
  ask: { user: string; maxTokens: number; insists: boolean },
): Promise<Written | ModelError> {
  const log = writer.log.child({ section: job.section });
  const { userId, signal } = job;
  const { user, maxTokens, insists } = ask;
  try {
    const written = await writer.model.write({ system: job.prompt.system, user, maxTokens, userId, signal, log });
    const text = unwrap(written.text);
    const problem = checkSection(text, { periods: job.prompt.periods, ...job.check });
    if (!problem) return { ...written, text };
    if (problem === 'wrong_pillar' && insists) {
      // The computed pillars stand above the report; a slip that a second writing did not mend is no reason to return the money.
      log.warn({ problem }, 'section accepted though it names another pillar');
      return { ...written, text };
    }
    const error = retryable(problem, `the section failed its check: ${problem}`);
    error.spent = written;
    log.warn({ code: error.code, problem }, 'section written but not usable');
    return error;
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
}

/** Milliseconds before the next call: exponential with jitter, at least what the endpoint asked for, never over a minute. */
export function waitBefore(failures: number, error: ModelError, baseMs: number): number {
  const base = error.status === 503 ? baseMs * OVERLOADED_FACTOR : baseMs;
  const own = backoffMs(failures - 1, base, WAIT_CAP_MS);
  return Math.min(WAIT_CAP_MS, Math.max(own, error.retryAfterMs ?? 0));
}

/** Models like to wrap a Markdown answer in a code fence. */
function unwrap(text: string): string {
  const match = /^\s*```(?:markdown|md)?[ \t]*\r?\n([\s\S]*?)\r?\n```\s*$/.exec(text);
  const inner = match?.[1];
  return (inner === undefined || inner.includes('```') ? text : inner).trim();
}
