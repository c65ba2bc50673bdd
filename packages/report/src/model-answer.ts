import type { OpenAI } from 'openai';
import { Stream } from 'openai/core/streaming';
import { z } from 'zod';
import type { CallClocks } from './call-clocks.ts';
import { ModelError, retryable, type TokenUsage } from './model-error.ts';

/** What came over the wire, before it is judged. */
export interface Answer {
  text: string;
  finishReason: string | undefined;
  /** the stream ended with `data: [DONE]`, or the answer was one whole JSON document */
  complete: boolean;
  usage: TokenUsage;
}

const usageSchema = z.looseObject({
  prompt_tokens: z.number().catch(0),
  completion_tokens: z.number().catch(0),
  prompt_cache_hit_tokens: z.number().optional().catch(undefined),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.number().nullish() }).nullish().catch(undefined),
});

const contentSchema = z.looseObject({ content: z.string().nullish() }).nullish();

/** A stream's chunk and a whole answer in one shape. `reasoning_content` is left where it is: it must never reach a customer. */
const chunkSchema = z.looseObject({
  choices: z
    .array(z.looseObject({ delta: contentSchema, message: contentSchema, finish_reason: z.string().nullish() }))
    .nullish(),
  usage: usageSchema.nullish(),
});

type Chunk = z.infer<typeof chunkSchema>;

export const NO_USAGE: TokenUsage = { promptTokens: 0, cacheHitTokens: 0, completionTokens: 0 };

/** Reads the answer to its end, streamed or (some compatible endpoints ignore `stream`) as one JSON document. */
export async function readAnswer(response: Response, client: OpenAI, clocks: CallClocks): Promise<Answer> {
  const answer: Answer = { text: '', finishReason: undefined, complete: false, usage: NO_USAGE };
  if (/^application\/json\b/i.test(response.headers.get('content-type') ?? '')) {
    // JSON.parse takes the empty lines that a queued answer begins with.
    take(answer, JSON.parse(await response.text()));
    return { ...answer, complete: true };
  }
  const watched = watchForDone(response);
  for await (const chunk of Stream.fromSSEResponse<unknown>(watched.response, clocks.controller, client)) {
    clocks.dataArrived();
    take(answer, chunk);
  }
  return { ...answer, complete: watched.seen() };
}

function take(answer: Answer, data: unknown): void {
  const parsed = chunkSchema.safeParse(data);
  if (!parsed.success) throw retryable('model_bad_answer', 'the model sent a chunk of an unknown shape');
  const choice = parsed.data.choices?.[0];
  answer.text += choice?.delta?.content ?? choice?.message?.content ?? '';
  answer.finishReason = choice?.finish_reason ?? answer.finishReason;
  if (parsed.data.usage) answer.usage = toUsage(parsed.data.usage);
}

function toUsage(usage: NonNullable<Chunk['usage']>): TokenUsage {
  return {
    promptTokens: usage.prompt_tokens,
    cacheHitTokens: usage.prompt_cache_hit_tokens ?? usage.prompt_tokens_details?.cached_tokens ?? 0,
    completionTokens: usage.completion_tokens,
  };
}

/** The SDK does not tell a stream that ended with `[DONE]` from one whose connection merely closed: look at the bytes as they pass. */
function watchForDone(response: Response): { response: Response; seen(): boolean } {
  let seen = false;
  let tail = '\n';
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(bytes, out) {
      tail += Buffer.from(bytes).toString('latin1');
      seen ||= /[\r\n]data: ?\[DONE\]/.test(tail);
      tail = tail.slice(-16);
      out.enqueue(bytes);
    },
  });
  const body = response.body?.pipeThrough(watch) ?? null;
  return { response: new Response(body, { headers: response.headers }), seen: () => seen };
}

const STOPPED = {
  silent: ['model_silent', 'the model sent no data for the time allowed'],
  too_slow: ['model_too_slow', 'the model did not finish within the total time allowed'],
} as const;

/** @returns why the answer is no usable text; undefined where it is */
export function faultOf(answer: Answer, clocks: CallClocks): ModelError | undefined {
  const stopped = clocks.stopped();
  if (stopped) return stoppedError(stopped);
  if (answer.finishReason === undefined || !answer.complete) {
    return retryable('model_cut', 'the stream ended before the answer did');
  }
  if (answer.finishReason !== 'stop') return unfinished(answer.finishReason);
  return answer.text.trim() === '' ? retryable('model_empty', 'the model answered with empty text') : undefined;
}

export function stoppedError(reason: 'silent' | 'too_slow' | 'aborted'): ModelError {
  if (reason === 'aborted') {
    return new ModelError('model_aborted', 'the call was stopped', { kind: 'aborted', hint: 'Nothing to do' });
  }
  const [code, message] = STOPPED[reason];
  return retryable(code, message, 'Raise DEEPSEEK_TIMEOUT_MS if it goes on');
}

function unfinished(reason: string): ModelError {
  switch (reason) {
    case 'length':
      return new ModelError('model_length', 'the answer was cut at the token limit', {
        kind: 'length',
        hint: 'Shorten what the section asks for',
      });
    case 'content_filter':
      return new ModelError('model_content_filter', 'the answer was withheld by the content filter', {
        kind: 'content_filter',
        hint: 'Look at what the customer wrote',
      });
    case 'insufficient_system_resource':
      return retryable('model_no_capacity', 'the model ran out of capacity in the middle of its answer');
    case 'tool_calls':
      return retryable('model_tool_call', 'the model asked for a tool, and there are none');
    default:
      return retryable('model_unknown_finish', 'the answer ended for a reason we do not know');
  }
}
