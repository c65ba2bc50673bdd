import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { type Clock, systemClock } from '@mingdan/kernel';
import { loginLink, ownPath } from '@mingdan/operations';
import { aUser, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import { sessionToken } from '../../src/http/auth/session-token.ts';
import { initDataFor, signedIn } from './signed-in.ts';
import { anApp, type Changes, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const app = (changes: Changes = {}) => anApp(db, changes).app;
const signIn = (initData: unknown, changes: Changes = {}) =>
  request(app(changes)).post('/api/session').send({ initData });
const cookieIn = (reply: { headers: Record<string, unknown> }) => String(reply.headers['set-cookie'] ?? '');
const later = (ms: number): Clock => ({ ...systemClock, now: () => new Date(Date.now() + ms) });

describe('POST /api/session', () => {
  test('signs the user of initData in, and remembers them', async () => {
    const reply = await signIn(initDataFor(700_001)).expect(200);
    expect(await row(db, 'select id from users where telegram_id = 700001')).toBeDefined();
    expect(reply.body).toEqual({
      success: true,
      token: expect.stringMatching(/^s1\./),
      expiresAt: expect.any(String),
      user: { id: 700_001, name: '三 Zhang & Co', language: 'zh-CN' },
      membership: { status: 'inactive', features: [] },
    });
    const left = new Date(reply.body.expiresAt).getTime() - Date.now();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  test('gives the same person the same account each time', async () => {
    const first = await signIn(initDataFor(700_002)).expect(200);
    const second = await signIn(initDataFor(700_002)).expect(200);
    expect(second.body.user.id).toBe(first.body.user.id);
  });

  test('signs nobody in from a page of strangers', async () => {
    const from = (origin: string) => signIn(initDataFor(700_004)).set('Origin', origin);
    for (const origin of ['https://evil.example', 'https://shop.example', 'null']) {
      const reply = await from(origin).expect(403);
      expect(reply.body.error.code).toBe('bad_origin');
      expect(cookieIn(reply)).toBe('');
    }
    await from('https://mingdan.example').expect(200);
    await from('null').set('Sec-Fetch-Site', 'same-origin').expect(200);
  });

  test('sets a cookie that scripts and other sites cannot use', async () => {
    const cookie = cookieIn(await signIn(initDataFor(700_003)));
    expect(cookie).toMatch(
      /^mingdan_session=s1\.[^;]+; Max-Age=3600; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test.each([
    ['forged', 'bad_init_data', () => initDataFor(1).replace(/hash=./, 'hash=x')],
    ['another bot’s', 'bad_init_data', () => initDataFor(1, {}, '1:other')],
    ['doubled', 'bad_init_data', () => `${initDataFor(1)}&user=%7B%7D`],
    ['aged', 'init_data_expired', () => initDataFor(1, { auth_date: '1700000000' })],
  ])('refuses %s initData with %s', async (_what, code, initData) => {
    const reply = await signIn(initData()).expect(401);
    expect(reply.body).toEqual({ success: false, error: { code, message: expect.any(String), field: 'initData' } });
    expect(cookieIn(reply)).toBe('');
  });

  test('obeys INIT_DATA_MAX_AGE_SECONDS', async () => {
    const old = initDataFor(1, { auth_date: String(Math.floor(Date.now() / 1000) - 120) });
    await signIn(old).expect(200);
    await signIn(old, { settings: { initDataMaxAgeSeconds: 60 } }).expect(401);
  });

  test.each([undefined, '', 7, {}, 'x'.repeat(16_001)])('wants a text (%#)', async (initData) => {
    expect((await signIn(initData).expect(422)).body.error.field).toBe('initData');
  });
});

describe('a session', () => {
  const whoAmI = (headers: Record<string, string>, changes: Changes = {}) =>
    request(app(changes)).get('/api/session').set(headers);

  test('is shown by its token, or by its cookie', async () => {
    const { user, bearer, cookie } = await signedIn(db);
    for (const headers of [{ Authorization: bearer }, { Cookie: `a=b; ${cookie}` }]) {
      const reply = await whoAmI(headers).expect(200);
      expect(reply.body.user).toEqual({ id: user.telegramId, name: '张三', language: 'zh-CN' });
      expect(reply.body).not.toHaveProperty('token');
    }
  });

  test('is over after an hour', async () => {
    const { bearer } = await signedIn(db);
    const reply = await whoAmI({ Authorization: bearer }, { clock: later(3_601_000) }).expect(401);
    expect(reply.body.error.code).toBe('session_expired');
  });

  test('is good under every key of SECRET_KEY, and under no other', async () => {
    const { id: userId } = await aUser(db);
    const expiresAt = new Date(Date.now() + 60_000);
    const with_ = (key: string) => `Bearer ${sessionToken([key], { userId, name: null, expiresAt })}`;
    for (const key of testSettings.secretKeys) await whoAmI({ Authorization: with_(key) }).expect(200);
    const reply = await whoAmI({ Authorization: with_('another-key-another-key-another-32') }).expect(401);
    expect(reply.body.error.code).toBe('unauthorized');
  });

  test('cannot be made somebody else’s', async () => {
    const { bearer } = await signedIn(db);
    const [head = '', payload = '', signature = ''] = bearer.split('.');
    const content = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const forged = Buffer.from(JSON.stringify({ ...content, u: content.u + 1 })).toString('base64url');
    await whoAmI({ Authorization: [head, forged, signature].join('.') }).expect(401);
  });

  test('by cookie changes nothing for a page of another site', async () => {
    const { cookie } = await signedIn(db);
    const order = (headers: Record<string, string>) =>
      request(app())
        .post('/api/coin/order')
        .set({ Cookie: cookie, ...headers })
        .send({});
    for (const headers of [{}, { Origin: 'https://evil.example' }, { Origin: 'null' }]) {
      const reply = await order(headers).expect(403);
      expect(reply.body.error.code).toBe('bad_origin');
    }
    await order({ Origin: 'https://mingdan.example' }).expect(422);
    await order({ Origin: 'null', 'Sec-Fetch-Site': 'same-origin' }).expect(422);
  });

  test('ends in the browser that signs out', async () => {
    const { cookie } = await signedIn(db);
    const reply = await request(app())
      .delete('/api/session')
      .set({ Cookie: cookie, Origin: 'https://mingdan.example' })
      .expect(200);
    expect(cookieIn(reply)).toMatch(/^mingdan_session=; .*1970/);
  });

  test('is asked for by a text that says how to get one', async () => {
    const reply = await request(app()).get('/api/my/orders').expect(401);
    expect(reply.body.error).toEqual({ code: 'unauthorized', message: expect.stringContaining('/api/session') });
  });
});

describe('a login link', () => {
  const link = async (userId: number, path = '/coin') =>
    (await loginLink({ db, settings: { publicUrl: '' } }, userId, path)).toString();

  test('signs in once and goes on to the page', async () => {
    const { id, telegramId } = await aUser(db);
    const path = await link(id, '/order/REPORT_20261121_7K3M9QXA?lang=en');
    const reply = await request(app()).get(path).expect(303);
    expect(reply.headers.location).toBe('/order/REPORT_20261121_7K3M9QXA?lang=en');
    const [cookie = ''] = cookieIn(reply).split(';');
    const who = await request(app()).get('/api/session').set('Cookie', cookie).expect(200);
    expect(who.body.user).toEqual({ id: telegramId, name: null, language: 'zh-CN' });
    const again = await request(app()).get(path).expect(410);
    expect(cookieIn(again)).toBe('');
  });

  test('opened twice by the same person leads them on', async () => {
    const { user, cookie } = await signedIn(db);
    const path = await link(user.id);
    await request(app()).get(path).expect(303);
    await request(app()).get(path).set('Cookie', cookie).expect(303);
    await request(app())
      .get(path)
      .set('Cookie', (await signedIn(db)).cookie)
      .expect(410);
  });

  test('signs in one of many who open it at once', async () => {
    const path = await link((await aUser(db)).id);
    const one = app();
    const replies = await Promise.all(Array.from({ length: 10 }, () => request(one).get(path)));
    expect(replies.map(({ status }) => status).sort()).toEqual([303, ...Array(9).fill(410)]);
  });

  test('is over after ten minutes', async () => {
    const path = await link((await aUser(db)).id);
    await changed(db, `update login_links set expires_at = now() - interval '1 second' where used_at is null`);
    await request(app()).get(path).expect(410);
  });

  test('is not used up by who only looks ahead', async () => {
    const path = await link((await aUser(db)).id);
    await request(app()).head(path).expect(204);
    await request(app()).get(path).set('User-Agent', 'TelegramBot (like TwitterBot)').expect(204);
    await request(app()).get(path).set('Sec-Purpose', 'prefetch').expect(204);
    await request(app()).get(path).expect(303);
  });

  test.each(['short', 'x'.repeat(43)])('that nobody made (%s) is refused', async (token) => {
    await request(app()).get(`/login/${token}`).expect(410);
  });

  test('keeps no token that could be used', async () => {
    const path = await link((await aUser(db)).id);
    const token = /login\/([\w-]{43})/.exec(path)?.[1] ?? '';
    const kept = await row<{ text: string }>(db, `select string_agg(l::text, ' ') as text from login_links l`);
    expect(kept?.text).not.toContain(token);
    expect(kept?.text).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
  });

  test.each([
    ['https://evil.example', '/coin'],
    ['//evil.example', '/coin'],
    ['/\\evil.example', '/coin'],
    ['/\t/evil.example', '/coin'],
    ['/login/x', '/coin'],
    ['/api/session', '/coin'],
    ['/a/../login/x', '/coin'],
    ['javascript:alert(1)', '/coin'],
    ['/app?lang=en', '/app?lang=en'],
    [undefined, '/coin'],
  ])('for %j goes to %s', (path, expected) => {
    expect(ownPath(path)).toBe(expected);
  });
});
