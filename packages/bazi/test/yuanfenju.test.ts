import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import {
  createLocalSource,
  createYuanfenjuSource,
  readBirth,
  YuanfenjuRefused,
  YuanfenjuUnreachable,
} from '../src/index.ts';

const SAMPLE = { date: '1988-01-08', time: '12:20', gender: 'female', solarTime: 'none' };
const BAZI = ['丁卯', '癸丑', '壬戌', '丙午'];

const paipan = {
  base_info: { sex: '坤造', qiyun: '9年1月21天起运' },
  bazi_info: { kw: '子丑', bazi: BAZI, na_yin: ['炉中火', '桑柘木', '大海水', '天河水'] },
  dayun_info: { big: Array.from({ length: 12 }, () => '甲寅') },
  detail_info: { nayin: { year: '炉中火', month: '桑柘木', day: '大海水', hour: '天河水' }, dayunshensha: [] },
};

interface Call {
  url: string;
  form: URLSearchParams;
}

/** A fetch that answers with one body and remembers what it was asked. */
function answering(body: unknown, status = 200): { fetch: typeof fetch; calls: Call[] } {
  const calls: Call[] = [];
  const bytes = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
  return {
    calls,
    fetch: async (url, init) => {
      calls.push({ url: String(url), form: new URLSearchParams(String(init?.body)) });
      return new Response(new Uint8Array(Buffer.from(bytes)), { status });
    },
  };
}

function sourceOf(fake: { fetch: typeof fetch }, timeoutMs = 1000) {
  return createYuanfenjuSource({
    baseUrl: 'https://yuanfenju.test/index.php/',
    apiKey: 'key-of-test',
    timeoutMs,
    fetch: fake.fetch,
  });
}

const ok = (data: unknown, errcode: unknown = 0) => ({ errcode, errmsg: '请求成功', notice: '仅供娱乐', data });

describe('yuanfenju', () => {
  test("the vendor's own sample gives our chart", async () => {
    const fake = answering(ok(paipan));
    const answer = await sourceOf(fake).chart(readBirth(SAMPLE));
    expect(Object.values(answer.chart.pillars)).toEqual(BAZI);
    expect(Object.values(answer.chart.nayin)).toEqual(paipan.bazi_info.na_yin);
    expect(answer).toMatchObject({ source: 'yuanfenju', vendor: { bazi: BAZI, notice: '仅供娱乐', data: paipan } });
    expect(answer.warnings.map((warning) => warning.code)).not.toContain('vendor_differs');
    expect(answer.chart.luck?.after).toMatchObject({ years: 9, months: 1 });
  });

  test('is asked by form, with the key in the body and no name of anybody', async () => {
    const fake = answering(ok(paipan));
    await sourceOf(fake).chart(readBirth(SAMPLE));
    expect(fake.calls[0]?.url).toBe('https://yuanfenju.test/index.php/v1/Bazi/paipan');
    expect(Object.fromEntries(fake.calls[0]?.form ?? [])).toEqual({
      api_key: 'key-of-test',
      name: '命主',
      sex: '1',
      type: '1',
      year: '1988',
      month: '1',
      day: '8',
      hours: '12',
      minute: '20',
      sect: '1',
      zhen: '2',
      lang: 'zh-cn',
    });
  });

  test('gets the solar clock of our own chart as a solar date, also for a lunar birth in summer time', async () => {
    const fake = answering(ok(paipan));
    await sourceOf(fake).chart(
      readBirth({
        calendar: 'lunar',
        date: '1990-04-21',
        time: '14:30',
        place: '北京',
        gender: 'male',
        ziHour: 'midnight',
      }),
    );
    expect(Object.fromEntries(fake.calls[0]?.form ?? [])).toMatchObject({
      year: '1990',
      month: '5',
      day: '15',
      hours: '13',
      minute: '19',
      sex: '0',
      sect: '2',
    });
  });

  test.each([0, '0', '00'])('errcode %j is success', async (errcode) => {
    await expect(sourceOf(answering(ok(paipan, errcode))).chart(readBirth(SAMPLE))).resolves.toMatchObject({
      source: 'yuanfenju',
    });
  });

  test('gzip bytes without a header are read', async () => {
    const fake = answering(gzipSync(JSON.stringify(ok(paipan))));
    await expect(sourceOf(fake).chart(readBirth(SAMPLE))).resolves.toMatchObject({ vendor: { bazi: BAZI } });
  });

  test('only the pillars are required', async () => {
    const fake = answering(ok({ bazi_info: { bazi: BAZI } }));
    await expect(sourceOf(fake).chart(readBirth(SAMPLE))).resolves.toMatchObject({ vendor: { bazi: BAZI } });
  });

  test('a difference is told and fails nothing: our pillars rule', async () => {
    const theirs = ['丁卯', '癸丑', '壬戌', '乙巳'];
    const answer = await sourceOf(answering(ok({ bazi_info: { bazi: theirs } }))).chart(readBirth(SAMPLE));
    expect(answer.chart.pillars.hour).toBe('丙午');
    expect(answer.warnings).toContainEqual({ code: 'vendor_differs', ours: answer.chart.pillars, theirs });
  });

  test('with the hour unknown noon is asked and the hour dropped again', async () => {
    const fake = answering(ok(paipan));
    const answer = await sourceOf(fake).chart(readBirth({ ...SAMPLE, time: null }));
    expect(fake.calls[0]?.form.get('hours')).toBe('12');
    expect(answer.vendor?.bazi).toEqual(BAZI.slice(0, 3));
    expect(JSON.stringify(answer.vendor)).not.toMatch(/丙午|天河水|起运|甲寅/);
    expect(answer.warnings.map((warning) => warning.code)).not.toContain('vendor_differs');
  });

  test('with the gender unknown what follows from it is dropped', async () => {
    const answer = await sourceOf(answering(ok(paipan))).chart(readBirth({ ...SAMPLE, gender: null }));
    expect(Object.keys(answer.vendor?.data ?? {}).sort()).toEqual(['bazi_info', 'detail_info']);
    expect(JSON.stringify(answer.vendor)).not.toContain('dayunshensha');
  });

  test.each([
    ['a business error', answering({ errcode: 10001, errmsg: 'api_key 错误', data: null })],
    ['a business error without data', answering({ errcode: 10001, errmsg: 'api_key 错误' })],
    ['a 403', answering('no', 403)],
  ])('%s is refused for good, with a hint', async (_what, fake) => {
    const failed = sourceOf(fake).chart(readBirth(SAMPLE));
    await expect(failed).rejects.toBeInstanceOf(YuanfenjuRefused);
    await expect(failed).rejects.toMatchObject({
      code: 'yuanfenju_refused',
      hint: expect.stringContaining('YUANFENJU_'),
    });
  });

  test.each([
    ['an error page', answering('<html><body>502</body></html>')],
    ['a 503', answering('', 503)],
    ['a 429', answering('', 429)],
    ['a busy vendor', answering({ errcode: 10010, errmsg: '请求过于频繁，请稍后再试', data: null })],
    ['an answer without pillars', answering(ok({ bazi_info: {} }))],
    ['an empty body', answering('')],
    ['broken gzip', answering(Buffer.from([0x1f, 0x8b, 0x08, 0x00]))],
  ])('%s may pass: a retry helps', async (_what, fake) => {
    await expect(sourceOf(fake).chart(readBirth(SAMPLE))).rejects.toBeInstanceOf(YuanfenjuUnreachable);
  });

  test('a vendor that hangs is left after the time-out, and a caller may leave before', async () => {
    const hanging: typeof fetch = (_url, init) =>
      new Promise((_resolve, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
    const slow = sourceOf({ fetch: hanging }, 30).chart(readBirth(SAMPLE));
    await expect(slow).rejects.toMatchObject({ code: 'yuanfenju_unreachable' });
    const caller = new AbortController();
    const left = sourceOf({ fetch: hanging }, 60_000).chart(readBirth(SAMPLE), caller.signal);
    caller.abort();
    await expect(left).rejects.toBeInstanceOf(YuanfenjuUnreachable);
  });

  test('neither the key nor the birth is in what is thrown', async () => {
    const fake = answering({ errcode: 1, errmsg: 'bad birth 19880108 for key', data: null });
    const error: unknown = await sourceOf(fake)
      .chart(readBirth(SAMPLE))
      .catch((thrown: unknown) => thrown);
    expect(String(error)).not.toMatch(/key-of-test|19880108/);
  });

  test('a birth that cannot be costs no call', async () => {
    const fake = answering(ok(paipan));
    await expect(sourceOf(fake).chart(readBirth({ date: '1990-02-31' }))).rejects.toMatchObject({
      code: 'no_such_date',
    });
    expect(fake.calls).toHaveLength(0);
  });

  test('the account check says what is left', async () => {
    const fake = answering(
      ok({ merchant_type: '1', merchant_expire_time: '2027-01-01', merchant_remaining_call_times: 42 }),
    );
    await expect(sourceOf(fake).checkAccount()).resolves.toEqual({
      type: '1',
      expires: '2027-01-01',
      remainingCalls: '42',
    });
    expect(fake.calls[0]?.url).toContain('/v1/Free/querymerchant');
  });
});

describe('the local source', () => {
  test('answers the same chart without asking anybody', async () => {
    const answer = await createLocalSource().chart(readBirth(SAMPLE));
    expect(answer.source).toBe('local');
    expect(answer.vendor).toBeUndefined();
    expect(Object.values(answer.chart.pillars)).toEqual(BAZI);
    expect(answer.warnings).toEqual(answer.chart.warnings);
  });

  test('adds the years to come when it has a clock', async () => {
    const answer = await createLocalSource(() => new Date('2026-11-21T00:00:00Z')).chart(readBirth(SAMPLE));
    expect(answer.chart.analysis.outlook?.years[0]?.pillar).toBe('丙午');
  });
});
