import { createHmac } from 'node:crypto';
import type { Clock, Logger } from '@mingdan/kernel';
import { OpenAI } from 'openai';
import { startCallClocks } from './call-clocks.ts';
import { type Balance, readBalance, readModels } from './model-account.ts';
import { type Answer, faultOf, NO_USAGE, readAnswer, stoppedError } from './model-answer.ts';
import type { CallCost, ModelError, TokenUsage } from './model-error.ts';
import { toModelError } from './model-status.ts';

/** CNY per million tokens, which is the same number as millionths of a CNY per token. */
export interface Prices {
  cacheHit: number;
  cacheMiss: number;
  output: number;
}

/** As listed by DeepSeek in 2026-07; hand in `prices` where they differ. */
const FLASH_PRICES: Prices = { cacheHit: 0.02, cacheMiss: 1, output: 2 };
const PRO_PRICES: Prices = { cacheHit: 0.025, cacheMiss: 3, output: 6 };

export interface ModelOptions {
  /** `POST {baseUrl}/chat/completions` */
  baseUrl: string;
  apiKey: string;
  model: string;
  /** longest time without a data chunk */
  chunkTimeoutMs: number;
  /** longest time of a whole call; three times `chunkTimeoutMs` when left out */
  totalTimeoutMs?: number;
  /** most tokens of one answer; 8192 when left out */
  maxTokens?: number;
  prices?: Prices;
  clock: Clock;
  log: Logger;
}

export interface WriteRequest {
  system: string;
  user: string;
  /** from `modelUserId`; nothing that names a person */
  userId: string;
  signal?: AbortSignal | undefined;
  maxTokens?: number | undefined;
  /** with the order number bound; the client's own when left out */
  log?: Logger | undefined;
}

export interface Written extends CallCost {
  text: string;
}

export interface Model {
  readonly name: string;
  readonly maxTokens: number;
  /** One HTTP call, never repeated here. @throws ModelError */
  write(request: WriteRequest): Promise<Written>;
  /** @returns undefined where the endpoint has no such list. @throws ModelError */
  listModels(): Promise<string[] | undefined>;
  /** @returns undefined where the endpoint tells no balance. @throws ModelError */
  balance(): Promise<Balance | undefined>;
}

/** The name under which the model's vendor sees one of our users: separates their caches, tells nothing about them. */
export function modelUserId(secret: string, userId: number | string): string {
  return createHmac('sha256', secret).update(`deepseek-user:${userId}`).digest('hex').slice(0, 32);
}

export function costMicros(usage: TokenUsage, prices: Prices): number {
  const missed = Math.max(0, usage.promptTokens - usage.cacheHitTokens);
  return Math.round(
    usage.cacheHitTokens * prices.cacheHit + missed * prices.cacheMiss + usage.completionTokens * prices.output,
  );
}

/** A client of DeepSeek, or of any endpoint that speaks like OpenAI's chat completions. */
export function createModel(options: ModelOptions): Model {
  const maxTokens = options.maxTokens ?? 8192;
  const client = new OpenAI({
    baseURL: options.baseUrl,
    apiKey: options.apiKey,
    // The SDK would take these from the environment, which is not ours to read here.
    organization: null,
    project: null,
    adminAPIKey: null,
    webhookSecret: null,
    logLevel: 'off',
    // Retries are counted, stored and logged by the caller.
    maxRetries: 0,
  });
  return {
    name: options.model,
    maxTokens,
    write: (request) => write(client, options, { maxTokens, ...request }),
    listModels: () => readModels(client, options.clock),
    balance: () => readBalance(client, options.clock),
  };
}

async function write(client: OpenAI, options: ModelOptions, request: WriteRequest): Promise<Written> {
  const startedAt = options.clock.now().getTime();
  const limits = {
    silenceMs: options.chunkTimeoutMs,
    totalMs: options.totalTimeoutMs ?? 3 * options.chunkTimeoutMs,
  };
  const clocks = startCallClocks(limits, request.signal);
  let answer: Answer = { text: '', finishReason: undefined, complete: false, usage: NO_USAGE };
  let requestId: string | null = null;
  let fault: ModelError | undefined;
  try {
    const body = requestBody(options.model, request);
    const timeout = limits.totalMs + 1000;
    const call = client.chat.completions.create(body, { signal: clocks.controller.signal, timeout });
    const response = await call.asResponse();
    requestId = requestIdOf(response.headers);
    answer = await readAnswer(response, client, clocks);
    fault = faultOf(answer, clocks);
  } catch (error) {
    const stopped = clocks.stopped();
    fault = stopped ? stoppedError(stopped) : toModelError(error, options.clock.now());
    requestId ??= requestIdOf((error as { headers?: unknown }).headers);
  } finally {
    clocks.end();
  }
  const cost: CallCost = {
    usage: answer.usage,
    costMicros: costMicros(answer.usage, options.prices ?? defaultPrices(options.model)),
    durationMs: options.clock.now().getTime() - startedAt,
    requestId,
    model: options.model,
  };
  logCall(request.log ?? options.log, cost, fault);
  if (fault) {
    fault.spent = cost;
    throw fault;
  }
  return { text: answer.text, ...cost };
}

function requestBody(model: string, request: WriteRequest) {
  return {
    model,
    messages: [
      { role: 'system' as const, content: request.system },
      { role: 'user' as const, content: request.user },
    ],
    stream: true as const,
    stream_options: { include_usage: true },
    max_tokens: request.maxTokens ?? null,
    // DeepSeek's own fields. Thinking is on by default there; it costs time and eats max_tokens.
    thinking: { type: 'disabled' },
    user_id: request.userId,
  };
}

function defaultPrices(model: string): Prices {
  return model.includes('pro') ? PRO_PRICES : FLASH_PRICES;
}

function requestIdOf(headers: unknown): string | null {
  if (!(headers instanceof Headers)) return null;
  return headers.get('x-request-id') ?? headers.get('x-deepseek-request-id');
}

/** One line a call: how long, how many tokens, what it cost; never a word of the text. */
function logCall(log: Logger, cost: CallCost, fault: ModelError | undefined): void {
  const line = {
    call: 'deepseek',
    model: cost.model,
    duration_ms: cost.durationMs,
    prompt_tokens: cost.usage.promptTokens,
    cache_hit_tokens: cost.usage.cacheHitTokens,
    completion_tokens: cost.usage.completionTokens,
    cost_micros: cost.costMicros,
    request_id: cost.requestId,
  };
  if (fault) {
    log.warn({ ...line, code: fault.code, kind: fault.kind, status: fault.status }, 'deepseek call failed');
  } else {
    log.info(line, 'deepseek answered');
  }
}
