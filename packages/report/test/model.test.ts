import { afterEach, describe, expect, test } from '@jest/globals';
import { ModelError, modelUserId } from '../src/index.ts';
import {
  DONE,
  delta,
  finishes,
  modelAt,
  openStream,
  type Reply,
  refuses,
  says,
  standIn,
  stream,
  usage,
  usageChunk,
} from './stand-in.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

const request = { system: 'the rules', user: 'the task of Zhang San', userId: 'abc' };

async function given(replies: Reply[], options: Parameters<typeof modelAt>[1] = {}) {
  const server = await standIn(...replies);
  cleanUps.push(server.close);
  return { ...modelAt(server.url, options), calls: server.calls };
}

async function failureOf(work: Promise<unknown>): Promise<ModelError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ModelError)) throw new Error(`expected a ModelError, got ${String(error)}`);
  return error;
}

describe('one call', () => {
  test('brings the text, the tokens, what they cost and the request id', async () => {
    const { model } = await given([says('八字是一面镜子。')]);
    const written = await model.write(request);
    expect(written).toMatchObject({
      text: '八字是一面镜子。',
      usage: { promptTokens: 1000, cacheHitTokens: 600, completionTokens: 500 },
      // 600 × 0.02 + 400 × 1 + 500 × 2 millionths of a CNY
      costMicros: 1412,
      requestId: 'req-1',
      model: 'deepseek-flash',
    });
    expect(written.durationMs).toBeGreaterThanOrEqual(0);
  });

  test('is exactly one POST to {baseUrl}/chat/completions with thinking off', async () => {
    const { model, calls } = await given([says('text')], { maxTokens: 777 });
    await model.write(request);
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      method: 'POST',
      path: '/chat/completions',
      headers: { authorization: 'Bearer sk-very-secret' },
      body: {
        model: 'deepseek-flash',
        messages: [
          { role: 'system', content: 'the rules' },
          { role: 'user', content: 'the task of Zhang San' },
        ],
        stream: true,
        stream_options: { include_usage: true },
        thinking: { type: 'disabled' },
        user_id: 'abc',
        max_tokens: 777,
      },
    });
  });

  test('prices are configurable', async () => {
    const { model } = await given([says('text')], { prices: { cacheHit: 1, cacheMiss: 10, output: 100 } });
    expect((await model.write(request)).costMicros).toBe(600 + 4000 + 50_000);
  });

  test('reasoning never becomes part of the text', async () => {
    const { model } = await given([
      stream(delta({ reasoning_content: 'let me think', content: null }), delta({ content: 'text' }, 'stop'), DONE),
    ]);
    expect((await model.write(request)).text).toBe('text');
  });

  test('a character cut in two by the network arrives whole', async () => {
    const bytes = Buffer.from(delta({ content: '庚辰' }, 'stop') + DONE);
    const { model } = await given([
      async (response) => {
        openStream(response);
        for (const byte of bytes) response.write(Buffer.from([byte]));
        response.end();
      },
    ]);
    expect((await model.write(request)).text).toBe('庚辰');
  });

  test('an endpoint that ignores "stream" and answers JSON after empty lines is understood', async () => {
    const { model } = await given([
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
        response.write('\n\n');
        const message = { role: 'assistant', content: 'whole', reasoning_content: 'hm' };
        response.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }], usage }));
      },
    ]);
    expect(await model.write(request)).toMatchObject({ text: 'whole', usage: { completionTokens: 500 } });
  });

  test('one log line a call, with tokens and cost, without key, prompt or text', async () => {
    const { model, lines } = await given([says('a secret report'), refuses(500)]);
    await model.write(request);
    await failureOf(model.write(request));
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      prompt_tokens: 1000,
      completion_tokens: 500,
      cost_micros: 1412,
    });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ level: 'warn', code: 'model_server_error', status: 500 });
    expect(lines.join()).not.toMatch(/sk-very-secret|Zhang San|the rules|secret report/);
  });
});

describe('an answer that is no finished text', () => {
  const cases: [string, Reply, string, string][] = [
    ['a stream without finish_reason', stream(delta({ content: 'half' }), DONE), 'retryable', 'model_cut'],
    ['a stream without [DONE]', stream(delta({ content: 'all' }, 'stop')), 'retryable', 'model_cut'],
    ['a stream with nothing in it', stream(), 'retryable', 'model_cut'],
    ['empty content', stream(delta({ content: ' \n' }, 'stop'), DONE), 'retryable', 'model_empty'],
    ['only reasoning', stream(delta({ reasoning_content: 'hm' }, 'stop'), DONE), 'retryable', 'model_empty'],
    ['length', finishes('length'), 'length', 'model_length'],
    ['content_filter', finishes('content_filter'), 'content_filter', 'model_content_filter'],
    ['insufficient_system_resource', finishes('insufficient_system_resource'), 'retryable', 'model_no_capacity'],
    ['tool_calls', finishes('tool_calls'), 'retryable', 'model_tool_call'],
    ['an unknown finish_reason', finishes('aborted'), 'retryable', 'model_unknown_finish'],
    [
      'an error in the stream',
      stream(delta({ content: 'a' }), 'data: {"error":{"message":"x"}}\n\n'),
      'retryable',
      'model_server_error',
    ],
    ['a broken chunk', stream('data: {"choices": [\n\n', DONE), 'retryable', 'model_bad_answer'],
    ['a chunk of another shape', stream('data: {"choices": 7}\n\n', DONE), 'retryable', 'model_bad_answer'],
  ];

  test.each(cases)('%s is a typed error', async (_, reply, kind, code) => {
    const { model, calls } = await given([reply]);
    expect(await failureOf(model.write(request))).toMatchObject({ kind, code });
    expect(calls).toHaveLength(1);
  });

  test('what a withheld answer cost is told with the error', async () => {
    const { model } = await given([finishes('length')]);
    expect((await failureOf(model.write(request))).spent).toMatchObject({ costMicros: 1412, requestId: 'req-1' });
  });

  test('a connection cut in the middle of the text is a failure', async () => {
    const { model } = await given([
      async (response) => {
        openStream(response);
        response.write(delta({ content: 'half' }));
        setTimeout(() => response.destroy(), 30);
      },
    ]);
    expect(await failureOf(model.write(request))).toMatchObject({ kind: 'retryable', code: 'model_unreachable' });
  });

  test('nobody listening is a failure that names the system error', async () => {
    const server = await standIn(says('text'));
    server.close();
    const error = await failureOf(modelAt(server.url).model.write(request));
    expect(error).toMatchObject({ kind: 'retryable', code: 'model_unreachable' });
    expect(error.message).toContain('ECONNREFUSED');
  });
});

describe('a refused call', () => {
  test.each([
    [400, 'request'],
    [401, 'operator'],
    [402, 'operator'],
    [403, 'operator'],
    [404, 'request'],
    [422, 'request'],
    [429, 'retryable'],
    [500, 'retryable'],
    [502, 'retryable'],
    [503, 'retryable'],
  ])('%i is %s, and is not repeated by the client', async (status, kind) => {
    const { model, calls } = await given([refuses(status, {}, 'your key sk-very-secret and Zhang San')]);
    const error = await failureOf(model.write(request));
    expect(error).toMatchObject({ kind, status });
    expect(error.hint).not.toBe('');
    expect(`${error.message} ${error.hint} ${String(error.cause)}`).not.toMatch(/sk-very|Zhang/);
    expect(calls).toHaveLength(1);
  });

  test('a 400 for what the customer wrote is the content filter, not our bug', async () => {
    const { model } = await given([refuses(400, {}, 'Content Exists Risk')]);
    expect(await failureOf(model.write(request))).toMatchObject({ kind: 'content_filter', status: 400 });
  });

  test('Retry-After is read in seconds and as a date', async () => {
    const now = new Date('2026-11-21T00:00:00Z');
    const { model } = await given(
      [
        refuses(429, { 'retry-after': '7' }),
        refuses(429, { 'retry-after': 'Sat, 21 Nov 2026 00:00:09 GMT' }),
        refuses(429),
      ],
      { clock: { now: () => now } },
    );
    expect((await failureOf(model.write(request))).retryAfterMs).toBe(7000);
    expect((await failureOf(model.write(request))).retryAfterMs).toBe(9000);
    expect((await failureOf(model.write(request))).retryAfterMs).toBeUndefined();
  });
});

describe('the two clocks', () => {
  const every =
    (ms: number, event: string): Reply =>
    (response) => {
      openStream(response);
      const timer = setInterval(() => response.write(event), ms);
      response.on('close', () => {
        clearInterval(timer);
        closed += 1;
      });
    };
  let closed = 0;

  test('keep-alive comments do not count as data: the silence limit fires, and the request is dropped', async () => {
    closed = 0;
    const { model } = await given([every(20, ': keep-alive\n\n')], { chunkTimeoutMs: 200 });
    const started = Date.now();
    expect(await failureOf(model.write(request))).toMatchObject({ kind: 'retryable', code: 'model_silent' });
    expect(Date.now() - started).toBeLessThan(1500);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(closed).toBe(1);
  });

  test('data that trickles for ever ends at the total limit', async () => {
    const { model } = await given([every(20, delta({ content: 'a' }))], { chunkTimeoutMs: 1000, totalTimeoutMs: 300 });
    expect(await failureOf(model.write(request))).toMatchObject({ kind: 'retryable', code: 'model_too_slow' });
  });

  test('data that keeps coming outlives the silence limit', async () => {
    const { model } = await given(
      [
        async (response) => {
          openStream(response);
          for (let index = 0; index < 8; index++) {
            response.write(delta({ content: 'a' }));
            await new Promise((resolve) => setTimeout(resolve, 60));
          }
          response.end(delta({}, 'stop') + usageChunk + DONE);
        },
      ],
      { chunkTimeoutMs: 250 },
    );
    expect((await model.write(request)).text).toBe('aaaaaaaa');
  });

  test('a server that never even sends headers is given up', async () => {
    const { model } = await given([() => undefined], { chunkTimeoutMs: 150 });
    expect(await failureOf(model.write(request))).toMatchObject({ code: 'model_silent' });
  });

  test('a caller that stops the call gets "aborted", which is no failure of the model', async () => {
    const { model } = await given([every(20, ': keep-alive\n\n')]);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 60);
    expect(await failureOf(model.write({ ...request, signal: stop.signal }))).toMatchObject({ kind: 'aborted' });
    expect(await failureOf(model.write({ ...request, signal: stop.signal }))).toMatchObject({ kind: 'aborted' });
  });
});

describe('what doctor asks', () => {
  const json =
    (body: unknown): Reply =>
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };

  test('lists models and balance', async () => {
    const { model, calls } = await given([
      json({ object: 'list', data: [{ id: 'deepseek-flash' }, { id: 'deepseek-v4-pro' }] }),
      json({ is_available: true, balance_infos: [{ currency: 'CNY', total_balance: '12.50', granted_balance: '0' }] }),
    ]);
    expect(await model.listModels()).toEqual(['deepseek-flash', 'deepseek-v4-pro']);
    expect(await model.balance()).toEqual({ available: true, amounts: [{ currency: 'CNY', total: '12.50' }] });
    expect(calls.map((call) => `${call.method} ${call.path}`)).toEqual(['GET /models', 'GET /user/balance']);
  });

  test('an endpoint without these paths is no error, a refused key is', async () => {
    const { model } = await given([refuses(404), refuses(404), refuses(401)]);
    expect(await model.listModels()).toBeUndefined();
    expect(await model.balance()).toBeUndefined();
    expect(await failureOf(model.listModels())).toMatchObject({ kind: 'operator', status: 401 });
  });

  test('another shape is a plain error', async () => {
    const { model } = await given([json({ hello: 1 })]);
    expect(await failureOf(model.balance())).toMatchObject({ code: 'model_bad_answer' });
  });
});

test('the user id that the vendor sees is stable, salted and tells nothing', () => {
  expect(modelUserId('salt', 42)).toMatch(/^[0-9a-f]{32}$/);
  expect(modelUserId('salt', 42)).toBe(modelUserId('salt', '42'));
  expect(modelUserId('salt', 42)).not.toBe(modelUserId('other', 42));
});
