import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Sandbox } from '../src/index.ts';
import { sandbox } from './harness.ts';

let service: Sandbox;
beforeAll(async () => {
  service = await sandbox();
});
afterAll(() => service.close());

async function ask(path: string, fields: Record<string, string>) {
  const body = new URLSearchParams({ api_key: 'yfj-test', ...fields });
  const answer = await fetch(`${service.yuanfenjuBaseUrl}${path}`, { method: 'POST', body });
  return JSON.parse(await answer.text());
}

const SAMPLE = { name: '某人', sex: '1', type: '1', year: '1988', month: '1', day: '8', hours: '12', minute: '20' };

test("the vendor's own sample comes out as the vendor prints it", async () => {
  const { errcode, data } = await ask('/v1/Bazi/paipan', SAMPLE);
  expect(errcode).toBe(0);
  expect(data.bazi_info.bazi).toEqual(['丁卯', '癸丑', '壬戌', '丙午']);
  expect(data.bazi_info.na_yin).toEqual(['炉中火', '桑柘木', '大海水', '天河水']);
  expect(data.base_info).toMatchObject({
    sex: '坤造',
    gongli: '1988年1月8日12时20分',
    qiyun: expect.stringMatching(/^9年1月/),
  });
  expect(data.dayun_info.big).toHaveLength(12);
});

test('from 23:00 the day is the next one under sect 1 and the same one under sect 2', async () => {
  const late = { ...SAMPLE, hours: '23', minute: '30' };
  const day = async (sect: string) => (await ask('/v1/Bazi/paipan', { ...late, sect })).data.bazi_info.bazi[2];
  expect([await day('1'), await day('2')]).toEqual(['癸亥', '壬戌']);
});

test('a lunar date is the same person', async () => {
  const lunar = await ask('/v1/Bazi/paipan', { ...SAMPLE, type: '0', year: '1987', month: '11', day: '19' });
  expect(lunar.data.bazi_info.bazi).toEqual(['丁卯', '癸丑', '壬戌', '丙午']);
});

test.each([
  ['a wrong key', { ...SAMPLE, api_key: 'other' }],
  ['a day that never was', { ...SAMPLE, month: '2', day: '31' }],
  ['a missing field', { name: 'x' }],
])('%s is an error code in an answer of status 200', async (_what, fields) => {
  const answer = await ask('/v1/Bazi/paipan', fields);
  expect(Number(answer.errcode)).not.toBe(0);
  expect(answer.data).toBeNull();
});

test('the account can be asked for', async () => {
  expect((await ask('/v1/Free/querymerchant', {})).data).toMatchObject({
    merchant_remaining_call_times: expect.any(String),
  });
  expect((await ask('/v1/Free/querytimes', {})).data).toMatchObject({ call_times: expect.any(String) });
});

test('a broken gateway answers HTML', async () => {
  service.control.faults.set({ yuanfenju: { fail: { status: 502, times: 1 } } });
  const answer = await fetch(`${service.yuanfenjuBaseUrl}/v1/Bazi/paipan`, { method: 'POST' });
  expect([answer.status, (await answer.text()).startsWith('<html>')]).toEqual([502, true]);
});
