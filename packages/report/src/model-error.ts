import { MingdanError } from '@mingdan/kernel';

/**
 * What a failure asks of the caller:
 * - `retryable`: try again after a wait
 * - `operator`: key or balance (401, 402, 403); pause the queue and tell an operator, the order waits
 * - `request`: the endpoint will not take what we send (400, 404, 422), such as a retired model name; no retry helps
 * - `content_filter`: withheld; rephrase once
 * - `length`: the answer was cut at the token limit; ask for less, or allow more
 * - `aborted`: our own caller stopped the call; no failure of the model
 */
export type ModelErrorKind = 'retryable' | 'operator' | 'request' | 'content_filter' | 'length' | 'aborted';

export interface TokenUsage {
  promptTokens: number;
  cacheHitTokens: number;
  completionTokens: number;
}

/** What a call took, also where it failed after the tokens were spent. */
export interface CallCost {
  usage: TokenUsage;
  /** millionths of one CNY */
  costMicros: number;
  durationMs: number;
  requestId: string | null;
  model: string;
}

export interface ModelErrorDetails {
  kind: ModelErrorKind;
  hint: string;
  /** HTTP status, where there was an answer */
  status?: number | undefined;
  /** what the endpoint asked us to wait, milliseconds */
  retryAfterMs?: number | undefined;
}

/** A call that brought no usable text. Its message never holds the key, the prompt or the endpoint's own words. */
export class ModelError extends MingdanError {
  readonly kind: ModelErrorKind;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  /** set by the client once the call is over */
  spent: CallCost | undefined;

  constructor(code: string, message: string, details: ModelErrorDetails) {
    super(code, message, { hint: details.hint });
    this.kind = details.kind;
    this.status = details.status;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export function retryable(code: string, message: string, hint = 'Nothing to do unless it goes on'): ModelError {
  return new ModelError(code, message, { kind: 'retryable', hint });
}
