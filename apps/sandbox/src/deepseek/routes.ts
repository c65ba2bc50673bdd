import { randomUUID } from 'node:crypto';
import { pause } from '@mingdan/kernel';
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { Ending, FaultBoard } from '../faults.ts';
import { bytesOf, type Door, rawBody, serviceDoor } from '../service-door.ts';
import { readBrief } from './brief.ts';
import { writeReport } from './writer.ts';

const chatInput = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.string() })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  thinking: z.looseObject({ type: z.string() }).nullish(),
});
type ChatInput = z.infer<typeof chatInput>;

export interface DeepSeekOptions {
  readonly apiKey: string;
  readonly models: readonly string[];
}

/** `POST /chat/completions`, `GET /models`, `GET /user/balance`. */
export function deepseekRoutes(options: DeepSeekOptions, faults: FaultBoard, door: Door): Router {
  const router = express.Router();
  const named = (req: Request) => `${req.method} ${req.path}`;
  const broken = serviceDoor(door, 'deepseek', named, (res, status, retryAfter) => {
    if (status === 429) res.set('retry-after', String(retryAfter));
    complain(res, status, FAULT_TEXTS[status] ?? 'Server error');
  });
  router.use(rawBody, broken, (req, res, next) => {
    if (req.get('authorization') === `Bearer ${options.apiKey}`) return next();
    complain(res, 401, 'Authentication Fails (no such user)', 'authentication_error');
  });
  router.get('/models', (_req, res) => {
    res.json({ object: 'list', data: options.models.map((id) => ({ id, object: 'model', owned_by: 'deepseek' })) });
  });
  router.get('/user/balance', (_req, res) => {
    const balance = { currency: 'CNY', total_balance: '110.00', granted_balance: '10.00', topped_up_balance: '100.00' };
    res.json({ is_available: true, balance_infos: [balance] });
  });
  router.post('/chat/completions', (req, res) => complete(options, faults, req, res));
  router.use((_req, res) => complain(res, 404, 'Not Found'));
  return router;
}

const FAULT_TEXTS: Record<number, string> = {
  401: 'Authentication Fails, Your api key is invalid',
  402: 'Insufficient Balance',
  429: 'Rate limit reached',
  503: 'Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.',
};

function complain(res: Response, status: number, message: string, type = 'invalid_request_error'): void {
  res.status(status).json({
    error: { message, type, param: null, code: type === 'authentication_error' ? type : 'invalid_request_error' },
  });
}

async function complete(options: DeepSeekOptions, faults: FaultBoard, req: Request, res: Response): Promise<void> {
  const input = parse(bytesOf(req));
  if (!input.success) return complain(res, 400, `Failed to deserialize the JSON body: ${z.prettifyError(input.error)}`);
  if (!options.models.includes(input.data.model)) return complain(res, 400, 'Model Not Exist');
  const answer = compose(input.data, faults.takeEnding());
  const writingMs = faults.read().deepseek.writingMs;
  res.set('x-ds-trace-id', randomUUID().replaceAll('-', ''));
  if (input.data.stream) return stream(input.data, answer, writingMs, res);
  if (answer.ending === 'stall') return stall(res, '\n');
  await pause(writingMs);
  if (answer.ending === 'cut') return void res.socket?.destroy();
  res.json({
    ...answer.head('chat.completion'),
    choices: [{ index: 0, message: messageOf(answer), logprobs: null, finish_reason: answer.finish }],
    usage: answer.usage,
  });
}

function parse(bytes: Buffer) {
  try {
    return chatInput.safeParse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return chatInput.safeParse(undefined);
  }
}

interface Answer {
  readonly text: string;
  /** empty unless the model was left to think */
  readonly reasoning: string;
  readonly finish: string;
  readonly ending: Ending | null;
  readonly usage: Record<string, unknown>;
  readonly head: (object: string) => Record<string, unknown>;
}

function compose(input: ChatInput, ending: Ending | null): Answer {
  const part = (role: string) =>
    input.messages
      .filter((message) => message.role === role)
      .map(({ content }) => content)
      .join('\n');
  const brief = readBrief(part('system'), part('user'));
  const whole = ending === 'empty' ? '' : writeReport(brief);
  // Thinking is on unless it is switched off, as with the real one.
  const reasoning = input.thinking?.type === 'disabled' ? '' : 'Let me look at the chart first, then write.';
  const room = Math.max(0, (input.max_tokens ?? 64_000) - tokensOf(reasoning));
  const tooLong = tokensOf(whole) > room;
  const cutBy = ending !== null && ending !== 'empty' && ending !== 'stall';
  const share = cutBy ? 0.6 : tooLong ? room / tokensOf(whole) : 1;
  const text = whole.slice(0, Math.floor(whole.length * share));
  const finish = tooLong || ending === 'length' ? 'length' : ending && cutBy && ending !== 'cut' ? ending : 'stop';
  const id = randomUUID();
  const created = Math.floor(Date.now() / 1_000);
  const head = (object: string) => ({ id, object, created, model: input.model, system_fingerprint: 'fp_sandbox' });
  const prompt = tokensOf(part('system') + part('user'));
  return { text, reasoning, finish, ending, head, usage: usageOf(prompt, tokensOf(text), tokensOf(reasoning)) };
}

function messageOf({ text, reasoning }: Answer) {
  return { role: 'assistant', content: text, ...(reasoning && { reasoning_content: reasoning }) };
}

/** About 0.6 tokens a Chinese character and 0.3 any other, as DeepSeek's own page says. */
function tokensOf(text: string): number {
  const chinese = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return Math.ceil(chinese * 0.6 + (text.length - chinese) * 0.3);
}

function usageOf(prompt: number, written: number, reasoning: number) {
  const hit = Math.floor(prompt / 2 / 64) * 64;
  return {
    prompt_tokens: prompt,
    completion_tokens: written + reasoning,
    total_tokens: prompt + written + reasoning,
    prompt_tokens_details: { cached_tokens: hit },
    completion_tokens_details: { reasoning_tokens: reasoning },
    prompt_cache_hit_tokens: hit,
    prompt_cache_miss_tokens: prompt - hit,
  };
}

const PIECES = 40;

async function stream(input: ChatInput, answer: Answer, writingMs: number, res: Response): Promise<void> {
  res.set({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  res.flushHeaders();
  res.write(': keep-alive\n\n');
  if (answer.ending === 'stall') return stall(res, ': keep-alive\n\n');
  const chunk = (choices: unknown[], more = {}) =>
    res.write(`data: ${JSON.stringify({ ...answer.head('chat.completion.chunk'), choices, ...more })}\n\n`);
  const choice = (delta: unknown, finish: string | null = null) => [
    { index: 0, delta, logprobs: null, finish_reason: finish },
  ];
  const usage = input.stream_options?.include_usage ? { usage: null } : {};

  chunk(
    choice(
      answer.reasoning
        ? { role: 'assistant', content: null, reasoning_content: '' }
        : { role: 'assistant', content: '' },
    ),
    usage,
  );
  if (answer.reasoning) chunk(choice({ content: null, reasoning_content: answer.reasoning }), usage);
  const letters = Array.from(answer.text);
  const step = Math.max(1, Math.ceil(letters.length / PIECES));
  for (let at = 0; at < letters.length; at += step) {
    if (res.destroyed) return;
    if (writingMs > 0) await pause(writingMs / PIECES);
    chunk(choice({ content: letters.slice(at, at + step).join('') }), usage);
  }
  if (answer.ending === 'cut') return void res.socket?.destroySoon();
  chunk(choice({ content: '' }, answer.finish), usage);
  if (input.stream_options?.include_usage) chunk([], { usage: answer.usage });
  res.end('data: [DONE]\n\n');
}

/** Alive, and never a word: until the client has had enough. */
async function stall(res: Response, sign: string): Promise<void> {
  while (!res.destroyed) {
    res.write(sign);
    await pause(250);
  }
}
