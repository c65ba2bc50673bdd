import { describe, expect, test } from '@jest/globals';
import { readInitData } from '../../src/http/auth/init-data.ts';
import { initDataFor } from './signed-in.ts';
import { testSettings } from './support.ts';
import vectors from './vectors/telegram-init-data.json' with { type: 'json' };

const NOW = new Date('2026-11-21T04:00:00Z');
const rules = { botToken: testSettings.botToken, maxAgeSeconds: 86_400, now: NOW };
const at = (seconds: number) => ({ auth_date: String(NOW.getTime() / 1000 + seconds) });
const read =
  (text: string, changes: Partial<typeof rules> = {}) =>
  () =>
    readInitData(text, { ...rules, ...changes });

describe('initData', () => {
  test.each(vectors)('of the published vector $id is signed by its bot', ({ botToken, initData, authDate }) => {
    const now = new Date(authDate * 1000 + 60_000);
    const user = readInitData(initData, { botToken, maxAgeSeconds: 86_400, now });
    expect(user.signedAt).toEqual(new Date(authDate * 1000));
  });

  test('tells who opened the Mini App', () => {
    expect(readInitData(initDataFor(42, at(-60)), rules)).toEqual({
      telegramId: 42,
      name: '三 Zhang & Co',
      languageCode: 'zh-hans',
      signedAt: new Date(NOW.getTime() - 60_000),
    });
  });

  test.each([
    ['whose user was exchanged', initDataFor(42, at(0)).replace('42', '43')],
    ['whose signature field was left out', initDataFor(42, at(0)).replace(/&signature=[^&]*/, '')],
    ['of another bot', initDataFor(42, at(0), '1:another')],
    ['with a key twice', `${initDataFor(42, at(0))}&auth_date=${NOW.getTime() / 1000}`],
    ['with the user twice, the forged one first', `user=%7B%22id%22%3A1%7D&${initDataFor(42, at(0))}`],
    ['without a hash', initDataFor(42, at(0)).replace(/&hash=.*/, '')],
    ['with a shorter hash', initDataFor(42, at(0)).slice(0, -2)],
    ['without a user', initDataFor(42, { ...at(0), user: '' })],
    ['whose user is no number', initDataFor(42, { ...at(0), user: '{"id":"42"}' })],
    ['that is no query at all', '%%%'],
  ])('%s is refused', (_what, text) => {
    expect(read(text)).toThrow(expect.objectContaining({ code: 'bad_init_data' }));
  });

  test.each([
    ['of yesterday', at(-86_401)],
    ['of more than five minutes ahead', at(301)],
    ['without a time', { auth_date: '' }],
    ['with a time that is no number', { auth_date: '1e9' }],
  ])('%s is refused as expired', (_what, changes) => {
    expect(read(initDataFor(42, changes))).toThrow(expect.objectContaining({ code: 'init_data_expired' }));
  });

  test.each([-86_400, 300])('that is %d seconds off is taken', (seconds) => {
    expect(read(initDataFor(42, at(seconds)))).not.toThrow();
  });

  test('is never taken where the bot has no token', () => {
    expect(read(initDataFor(42, at(0), ''), { botToken: '' })).toThrow(
      expect.objectContaining({ code: 'bad_init_data' }),
    );
  });
});
