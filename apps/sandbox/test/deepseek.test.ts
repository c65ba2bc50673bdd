import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import OpenAI from 'openai';
import type { Sandbox } from '../src/index.ts';
import { sandbox } from './harness.ts';

const CHART = {
  pillars: { year: '庚午', month: '辛巳', day: '庚辰', hour: '癸未' },
  luck: { decades: [{ pillar: '壬午', year: 1998 }] },
};
const YEARS = [{ year: 2026, pillar: '丙午' }];
const promptOf = (words: string, chart: unknown = CHART) =>
  `${words}\n\`\`\`json\n${JSON.stringify({ chart, years: YEARS })}\n\`\`\``;
const CHINESE = promptOf(
  '请为这个命盘写一份报告，依次分为：\n1. **命盘一览**：四柱\n2. **性格**：特点\n3. **当下与近期**：流年',
);

let service: Sandbox;
let client: OpenAI;

beforeAll(async () => {
  service = await sandbox();
  client = new OpenAI({ apiKey: 'sk-test', baseURL: service.deepseekBaseUrl, maxRetries: 0 });
});
afterEach(() => service.control.faults.reset());
afterAll(() => service.close());

const request = (user: string, more = {}) => ({
  model: 'deepseek-flash',
  messages: [
    { role: 'system' as const, content: '你是命理写作者。' },
    { role: 'user' as const, content: user },
  ],
  // The SDK does not know this field of DeepSeek.
  ...({ thinking: { type: 'disabled' } } as object),
  ...more,
});
const write = async (user: string) =>
  (await client.chat.completions.create(request(user))).choices[0]?.message.content ?? '';
const statusOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 200,
    (error) => error.status,
  );

async function raw(body: object): Promise<string> {
  const answer = await fetch(`${service.deepseekBaseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-test', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.text();
}

describe('what is written', () => {
  test('a report has the headings that were asked for, the right pillars, a table and lists', async () => {
    const text = await write(CHINESE);
    for (const wanted of [
      '### 命盘一览',
      '### 性格',
      '### 当下与近期',
      '| 年柱 | 庚午 |',
      '| 时柱 | 癸未 |',
      '**庚金**',
      '2026',
    ]) {
      expect(text).toContain(wanted);
    }
    expect(text.length).toBeGreaterThan(1_000);
    expect(text).toMatch(/^1\. /m);
    expect(text).not.toContain('{');
  });

  test('the same prompt gets the same text, another one another', async () => {
    expect(await write(CHINESE)).toBe(await write(CHINESE));
    expect(await write(`${CHINESE} `)).not.toBe(await write(CHINESE));
  });

  test('chapters of one report differ by their title', async () => {
    const chapter = (title: string) => write(promptOf(`## 任务：八字详批·${title}\n\n只写“${title}”这一节。`));
    const [work, love] = [await chapter('事业'), await chapter('感情')];
    expect(work).toContain('专业');
    expect(work).not.toBe(love);
    for (const text of [work, love]) expect(text.length).toBeGreaterThan(1_000);
  });

  test('an unknown hour is not guessed', async () => {
    const text = await write(promptOf('请写一份报告', { pillars: { ...CHART.pillars, hour: null } }));
    expect(text).not.toContain('癸未');
    expect(text).toContain('时辰不详');
  });

  test('a prompt in traditional characters or in English is answered so', async () => {
    const traditional = await write(promptOf('請為這個命盤寫一份報告，說說性格與事業的傾向，還有這幾年的運勢。'));
    expect(traditional).toMatch(/這|說/);
    expect(traditional).not.toMatch(/[这说个们时为]/);
    expect(traditional).toContain('庚午 辛巳 庚辰 癸未');
    const english = await client.chat.completions.create({
      model: 'deepseek-flash',
      messages: [
        {
          role: 'user',
          content: promptOf('Write a report about this chart.\n1. **Character**: traits\n2. **Work**: ways'),
        },
      ],
    });
    expect(english.choices[0]?.message.content).toContain('### Character');
    expect(english.choices[0]?.message.content).toContain('The day master is');
  });

  test('cards are read as they were drawn', async () => {
    const cards = [
      { position: '过去', card: '愚者', orientation: '逆位' },
      { position: '现在', card: '星星', orientation: '正位' },
    ];
    const text = await write(`请解读这三张牌，写给读者。\n${JSON.stringify({ cards })}`);
    expect(text).toContain('### 过去：愚者（逆位）');
  });
});

describe('the wire', () => {
  test('a stream has comments, a role, content, a finish, usage without choices, and its end', async () => {
    const lines = (await raw(request(CHINESE, { stream: true, stream_options: { include_usage: true } })))
      .split('\n')
      .filter(Boolean);
    expect(lines[0]).toBe(': keep-alive');
    expect(lines.at(-1)).toBe('data: [DONE]');
    const chunks = lines.slice(1, -1).map((line) => JSON.parse(line.slice(6)));
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '' });
    expect(chunks.at(-2).choices[0].finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } });
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(await write(CHINESE));
  });

  test('without being told otherwise the model thinks first', async () => {
    const answer = await raw(request(CHINESE, { thinking: undefined, stream: true }));
    expect(answer).toContain('"content":null,"reasoning_content":""');
  });

  test('a wrong key, a retired model and an empty body are refused', async () => {
    const stranger = new OpenAI({ apiKey: 'sk-other', baseURL: service.deepseekBaseUrl, maxRetries: 0 });
    expect(await statusOf(stranger.models.list())).toBe(401);
    expect(await statusOf(client.chat.completions.create(request(CHINESE, { model: 'deepseek-chat' })))).toBe(400);
    expect(await raw({})).toContain('"error"');
  });

  test('models and balance can be asked for', async () => {
    expect((await client.models.list()).data.map((model) => model.id)).toContain('deepseek-flash');
    const balance = await fetch(`${service.deepseekBaseUrl}/user/balance`, {
      headers: { authorization: 'Bearer sk-test' },
    });
    expect(await balance.json()).toMatchObject({ is_available: true });
  });

  test('too small a limit cuts the text and says so', async () => {
    const answer = await client.chat.completions.create(request(CHINESE, { max_tokens: 100 }));
    expect(answer.choices[0]?.finish_reason).toBe('length');
  });
});

describe('faults', () => {
  test('endings can be played for so many answers', async () => {
    service.control.faults.set({ deepseek: { ending: { kind: 'content_filter', times: 1 } } });
    const finish = async () => (await client.chat.completions.create(request(CHINESE))).choices[0]?.finish_reason;
    expect([await finish(), await finish()]).toEqual(['content_filter', 'stop']);
  });

  test('a cut stream has no end', async () => {
    service.control.faults.set({ deepseek: { ending: { kind: 'cut', times: 1 } } });
    const text = await raw(request(CHINESE, { stream: true })).catch(() => 'cut');
    expect(text).not.toContain('[DONE]');
  });

  test('an empty account is 402', async () => {
    service.control.faults.set({ deepseek: { fail: { status: 402, times: 1 } } });
    expect(await statusOf(client.chat.completions.create(request(CHINESE)))).toBe(402);
  });
});
