import { afterEach, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { ModelError, type SectionJob, type SectionWriter, writeSection } from '../src/index.ts';
import { waitBefore } from '../src/write-section.ts';
import { finishes, modelAt, type Reply, refuses, says, standIn } from './stand-in.ts';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

const GOOD = '你的日柱是庚辰，做事有始有终，遇到难题时反而更沉得住气，这是很可贵的地方。';
const chart = { pillars: { year: '庚午', month: '辛巳', day: '庚辰', hour: '癸未' } };
const prompt = { system: 'rules', user: 'task', softer: 'soft task', shorter: 'short task', periods: ['丙午'] };

async function given(replies: Reply[], more: Partial<SectionWriter> = {}, job: Partial<SectionJob> = {}) {
  const server = await standIn(...replies);
  cleanUps.push(server.close);
  const waits: number[] = [];
  const failures: [number, string][] = [];
  const lines: string[] = [];
  const writer: SectionWriter = {
    model: modelAt(server.url).model,
    log: createLogger({ process: 'test', destination: { write: (line) => void lines.push(line) } }).child({
      order_no: 'REPORT_20261121_7K3M9QXA',
    }),
    maxRetries: 3,
    retryBaseMs: 2000,
    wait: async (ms) => void waits.push(ms),
    ...more,
  };
  const work = () =>
    writeSection(writer, {
      section: '01-overview',
      prompt,
      userId: 'u',
      check: { chart, language: 'zh-CN' },
      onFailure: (count, error) => void failures.push([count, error.code]),
      ...job,
    });
  const asked = () => server.calls.map(({ body }) => (body.messages as { content: string }[])[1]?.content);
  return { work, asked, waits, failures, lines, calls: server.calls };
}

async function failureOf(work: Promise<unknown>): Promise<ModelError> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof ModelError)) throw new Error(`expected a ModelError, got ${JSON.stringify(error)}`);
  return error;
}

test('a good answer is taken at the first call', async () => {
  const { work, calls, failures } = await given([says(GOOD)]);
  expect(await work()).toMatchObject({ text: GOOD, failures: 0, costMicros: 1412 });
  expect(calls).toHaveLength(1);
  expect(failures).toEqual([]);
});

test('a dead model gets exactly 1 + 3 calls, and each failure is told with its number', async () => {
  const { work, calls, failures, waits } = await given([refuses(500)]);
  expect(await failureOf(work())).toMatchObject({ kind: 'retryable', status: 500 });
  expect(calls).toHaveLength(4);
  expect(failures).toEqual([1, 2, 3, 4].map((count) => [count, 'model_server_error']));
  expect(waits).toHaveLength(3);
});

test('waits double, with jitter in their upper half', async () => {
  const { work, waits } = await given([refuses(500)]);
  await failureOf(work());
  waits.forEach((wait, index) => {
    expect(wait).toBeGreaterThanOrEqual(1000 * 2 ** index);
    expect(wait).toBeLessThanOrEqual(2000 * 2 ** index);
  });
});

test('Retry-After is obeyed, but no wait is over a minute', async () => {
  const { work, waits } = await given([
    refuses(429, { 'retry-after': '9' }),
    refuses(429, { 'retry-after': '3600' }),
    says(GOOD),
  ]);
  expect(await work()).toMatchObject({ failures: 2 });
  expect(waits).toEqual([9000, 60_000]);
});

test('an overloaded service is left alone for longer', () => {
  const error = new ModelError('model_overloaded', 'x', { kind: 'retryable', hint: 'x', status: 503 });
  expect(waitBefore(1, error, 2000)).toBeGreaterThanOrEqual(5000);
  expect(waitBefore(9, error, 2000)).toBeLessThanOrEqual(60_000);
});

test('failures before a crash count: with two behind it, only two calls are left', async () => {
  const { work, calls, failures } = await given([refuses(500)], {}, { failedBefore: 2 });
  await failureOf(work());
  expect(calls).toHaveLength(2);
  expect(failures.map(([count]) => count)).toEqual([3, 4]);
});

test('with all tries used up before a crash there is no further call', async () => {
  const { work, calls } = await given([says(GOOD)], {}, { failedBefore: 4 });
  expect(await failureOf(work())).toMatchObject({ kind: 'retryable', code: 'model_retries_used_up' });
  expect(calls).toHaveLength(0);
});

test('the failure is stored before the next call is made', async () => {
  const seen: number[] = [];
  const { work, calls } = await given(
    [refuses(500), says(GOOD)],
    {},
    {
      onFailure: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        seen.push(calls.length);
      },
    },
  );
  await work();
  expect(seen).toEqual([1]);
});

test.each([400, 401, 402, 403, 404, 422])('%i is neither retried nor counted', async (status) => {
  const { work, calls, failures } = await given([refuses(status)]);
  expect(await failureOf(work())).toMatchObject({ status });
  expect(calls).toHaveLength(1);
  expect(failures).toEqual([]);
});

test('a cut answer is asked for once more, shorter and with twice the room', async () => {
  const { work, asked, calls } = await given([finishes('length'), says(GOOD)]);
  expect(await work()).toMatchObject({ text: GOOD, failures: 1 });
  expect(asked()).toEqual(['task', 'short task']);
  expect(calls.map(({ body }) => body.max_tokens)).toEqual([8192, 16_384]);
});

test('an answer that is cut twice is a failure', async () => {
  const { work, calls, failures } = await given([finishes('length')]);
  expect(await failureOf(work())).toMatchObject({ kind: 'length' });
  expect(calls).toHaveLength(2);
  expect(failures).toHaveLength(2);
});

test('a withheld answer is rephrased once, then given up', async () => {
  const { work, asked } = await given([finishes('content_filter')]);
  expect(await failureOf(work())).toMatchObject({ kind: 'content_filter' });
  expect(asked()).toEqual(['task', 'soft task']);
});

test('after the milder prompt, other faults are still retried with it', async () => {
  const { work, asked } = await given([finishes('content_filter'), refuses(500), says(GOOD)]);
  expect(await work()).toMatchObject({ failures: 2 });
  expect(asked()).toEqual(['task', 'soft task', 'soft task']);
});

test('a text that contradicts the chart is thrown away and written again', async () => {
  const { work, failures } = await given([says(GOOD.replace('庚辰', '甲子')), says(GOOD)]);
  expect(await work()).toMatchObject({ text: GOOD });
  expect(failures).toEqual([[1, 'wrong_pillar']]);
});

test('a text that contradicts the chart twice is taken: the computed pillars stand above the report anyway', async () => {
  const wrong = GOOD.replace('庚辰', '甲子');
  const { work, failures } = await given([says(wrong), says(wrong)]);
  expect(await work()).toMatchObject({ text: wrong });
  expect(failures).toEqual([[1, 'wrong_pillar']]);
});

test('an answer wrapped in a code fence is unwrapped', async () => {
  const { work } = await given([says(`\`\`\`markdown\n${GOOD}\n\`\`\``)]);
  expect((await work()).text).toBe(GOOD);
});

test('each call leaves one line with the order number, and no word of prompt or text', async () => {
  const { work, lines } = await given([refuses(500), says(GOOD)]);
  await work();
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(JSON.parse(line)).toMatchObject({ order_no: 'REPORT_20261121_7K3M9QXA', section: '01-overview' });
    expect(line).not.toMatch(/task|rules|日柱|sk-very/);
  }
});

test('a caller that stops during a wait sees no further call', async () => {
  const stop = new AbortController();
  const { work, calls, failures } = await given(
    [refuses(500)],
    { wait: async () => stop.abort() },
    { signal: stop.signal },
  );
  expect(await failureOf(work())).toMatchObject({ kind: 'aborted' });
  expect(calls).toHaveLength(1);
  expect(failures).toHaveLength(1);
});
