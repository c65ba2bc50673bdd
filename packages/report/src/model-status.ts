import { APIConnectionError, APIError } from 'openai';
import { ModelError, type ModelErrorKind, retryable } from './model-error.ts';

interface Verdict {
  code: string;
  kind: ModelErrorKind;
  hint: string;
}

const BY_STATUS: Readonly<Record<number, Verdict>> = {
  401: { code: 'model_key_refused', kind: 'operator', hint: 'Check DEEPSEEK_API_KEY; orders wait until the key works' },
  402: { code: 'model_balance_empty', kind: 'operator', hint: 'Top up the DeepSeek account; orders wait until then' },
  403: {
    code: 'model_key_refused',
    kind: 'operator',
    hint: 'Check what DEEPSEEK_API_KEY may use; orders wait until then',
  },
  408: { code: 'model_server_error', kind: 'retryable', hint: 'Nothing to do unless it goes on' },
  425: { code: 'model_server_error', kind: 'retryable', hint: 'Nothing to do unless it goes on' },
  429: { code: 'model_rate_limited', kind: 'retryable', hint: 'Lower WORKER_CONCURRENCY if it goes on' },
  503: { code: 'model_overloaded', kind: 'retryable', hint: 'DeepSeek is overloaded; see status.deepseek.com' },
};

const REQUEST: Verdict = {
  code: 'model_request_refused',
  kind: 'request',
  hint: 'Check DEEPSEEK_MODEL and DEEPSEEK_BASE_URL with `mingdan doctor`; a retired model name ends like this',
};

const SERVER: Verdict = {
  code: 'model_server_error',
  kind: 'retryable',
  hint: 'See status.deepseek.com if it goes on',
};

const FILTERED: Verdict = {
  code: 'model_content_filter',
  kind: 'content_filter',
  hint: 'The endpoint withheld the text; look at what the customer wrote',
};

/** What an HTTP status asks of us. */
export function verdictOf(status: number): Verdict {
  return BY_STATUS[status] ?? (status >= 500 ? SERVER : REQUEST);
}

/** Whatever the SDK, fetch or the stream threw, as one of our errors. */
export function toModelError(error: unknown, now: Date): ModelError {
  if (error instanceof ModelError) return error;
  if (error instanceof APIConnectionError) return unreachable(error);
  if (error instanceof APIError) return refused(error, now);
  if (error instanceof SyntaxError) return retryable('model_bad_answer', 'the model sent something that is not JSON');
  return unreachable(error);
}

function refused(error: APIError, now: Date): ModelError {
  const status: unknown = error.status;
  if (typeof status !== 'number') {
    return retryable('model_server_error', 'the model reported an error in the middle of its answer');
  }
  // DeepSeek answers a refused topic with a plain 400, and it would look like our bug: one customer's words must not pause the queue.
  const filtered = status === 400 && /content exists risk|content[_ ]filter|content_policy/i.test(error.message);
  const { code, kind, hint } = filtered ? FILTERED : verdictOf(status);
  const retryAfterMs = readRetryAfter(error.headers, now);
  return new ModelError(code, `the model endpoint answered ${status}`, { kind, hint, status, retryAfterMs });
}

/** Connection refused, reset, cut: the system's own code (ECONNREFUSED, UND_ERR_SOCKET) says enough, and no URL or key rides along. */
function unreachable(error: unknown): ModelError {
  const code = systemCode(error);
  return retryable(
    'model_unreachable',
    `the connection to the model endpoint failed${code ? ` (${code})` : ''}`,
    'Check DEEPSEEK_BASE_URL and the network if it goes on',
  );
}

function systemCode(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 4) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string' && /^[A-Z0-9_]{3,40}$/.test(code)) return code;
  return systemCode(cause, depth + 1);
}

/** `Retry-After` in seconds or as a date. @returns milliseconds */
export function readRetryAfter(headers: Headers | undefined, now: Date): number | undefined {
  const value = headers?.get('retry-after')?.trim();
  if (!value) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now.getTime();
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}
