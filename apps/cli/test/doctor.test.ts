import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { aPaidOrder, testDatabase } from '@mingdan/orders/testing';
import { GatewayRefused, GatewayUnreachable } from '@mingdan/payments/clients';
import { ModelError } from '@mingdan/report';
import { createContext } from '../src/context.ts';
import { checkClock } from '../src/doctor/clock.ts';
import { judgeModel } from '../src/doctor/deepseek.ts';
import { judgeGateway } from '../src/doctor/gateways.ts';
import { operatorLanguages, readLocale } from '../src/texts.ts';
import { endedCertificate, run, secured, shop } from './given.ts';

let database: TestDatabase;
let outside: Server;
let env: Record<string, string>;
let webhookUrl = '';
let getMe: [number, unknown] | undefined;
let noticeStatus = 413;

/** Telegram, DeepSeek and PingPong in one, as far as doctor asks them. */
function answerAll(path: string): [number, unknown] {
  if (path.startsWith('/webhook/')) return [noticeStatus, {}];
  if (path.endsWith('/getMe')) return getMe ?? [200, { ok: true, result: { id: 1, username: 'shop_bot' } }];
  if (path.endsWith('/getWebhookInfo'))
    return [200, { ok: true, result: { url: webhookUrl, pending_update_count: 3 } }];
  if (path.endsWith('/models')) return [200, { data: [{ id: 'deepseek-flash' }] }];
  if (path.endsWith('/user/balance'))
    return [200, { is_available: true, balance_infos: [{ currency: 'CNY', total_balance: '88.00' }] }];
  return [404, { error: 'not found' }];
}

beforeAll(async () => {
  database = await testDatabase();
  outside = createServer((request, response) => {
    const [status, body] = answerAll(new URL(request.url ?? '/', 'http://x').pathname);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`;
  env = {
    ...shop(database.url),
    TELEGRAM_API_ROOT: base,
    WEBHOOK_URL: base,
    DEEPSEEK_BASE_URL: base,
    PINGPONG_API_BASE: base,
    PINGPONG_MERCHANT_ID: 'M1',
    PINGPONG_API_SECRET: 'secret-of-calls',
    PINGPONG_WEBHOOK_SECRET: 'secret-of-notices',
  };
  await aPaidOrder(database.db);
});
afterAll(async () => {
  await database.drop();
  outside.closeAllConnections();
  outside.close();
});

interface Told {
  ok: boolean;
  checks: { check: string; state: string; code: string; text: string }[];
}

async function doctor(
  changes: Record<string, string | undefined> = {},
): Promise<Told & { exit: number; codes: string[] }> {
  const { code, out } = await run({ ...env, ...changes }, ['doctor', '--json']);
  const told: Told = JSON.parse(out);
  return { ...told, exit: code, codes: told.checks.map((one) => `${one.check}.${one.code}`) };
}

describe('doctor', () => {
  test('finds nothing to fix where all is well', async () => {
    const { exit, ok, codes } = await doctor();
    expect({ exit, ok }).toEqual({ exit: 0, ok: true });
    // On a busy machine the database is slow, which is no fault.
    expect(codes.map((code) => (code === 'database.slow' ? 'database.reachable' : code))).toEqual([
      'settings.development',
      'database.reachable',
      'database.migrated',
      'database.role',
      'clock.database_agrees',
      'clock.agrees',
      'keys.open',
      'telegram.reachable',
      'telegram.polling',
      'deepseek.model',
      'deepseek.balance',
      'bazi.engine',
      'bazi.local',
      'gateway.answers',
      'notices.arrive',
      'offer.chat_takes_money',
    ]);
  });

  test.each([
    ['zh-CN', '✓ 数据库：', '一切正常。'],
    ['zh-TW', '✓ 資料庫：', '一切正常。'],
    ['en', '✓ Database: ', 'All is well.'],
  ])('speaks %s to operators, a line each', async (language, line, end) => {
    const { code, out } = await run({ ...env, OPERATOR_LANGUAGE: language }, ['doctor']);
    expect(code).toBe(0);
    expect(out).toContain(line);
    expect(out.trimEnd().split('\n').at(-1)).toBe(end);
  });

  test('tells every missing and wrong setting, and no value', async () => {
    const { exit, checks } = await doctor({
      TELEGRAM_BOT_TOKEN: undefined,
      LEASE_SECONDS: 'hunter2',
      WEBHOOK_DATABASE_URL: 'mysql://hunter2',
    });
    expect(exit).toBe(1);
    const failed = checks.filter(({ state }) => state === 'fail').map(({ text }) => text);
    expect(failed).toEqual([
      expect.stringContaining('LEASE_SECONDS is not valid'),
      expect.stringContaining('WEBHOOK_DATABASE_URL is not valid'),
      expect.stringContaining('TELEGRAM_BOT_TOKEN'),
    ]);
    expect(JSON.stringify(checks)).not.toContain('hunter2');
  });

  test('goes on with the other checks when one service is gone, and warnings fail nothing', async () => {
    const { exit, codes } = await doctor({ TELEGRAM_API_ROOT: 'http://127.0.0.1:9' });
    expect(exit).toBe(1);
    expect(codes).toEqual(
      expect.arrayContaining(['clock.no_answer', 'telegram.no_answer', 'deepseek.balance', 'gateway.answers']),
    );
    const warned = await doctor({
      PUBLIC_URL: 'https://shop.test',
      PINGPONG_MERCHANT_ID: undefined,
      PINGPONG_API_BASE: undefined,
      PINGPONG_API_SECRET: undefined,
      PINGPONG_WEBHOOK_SECRET: undefined,
    });
    expect(warned.exit).toBe(0);
    expect(warned.codes).toEqual(expect.arrayContaining(['settings.no_trust_proxy', 'gateway.none']));
  });

  test('compares the webhook of Telegram with the mode', async () => {
    webhookUrl = 'https://other.test/hook';
    expect((await doctor()).codes).toContain('telegram.webhook_in_the_way');
    expect((await doctor({ TELEGRAM_MODE: 'webhook' })).codes).toContain('telegram.webhook_elsewhere');
    webhookUrl = 'http://127.0.0.1:3001/telegram/webhook';
    expect((await doctor({ TELEGRAM_MODE: 'webhook' })).codes).toContain('telegram.webhook');
    webhookUrl = '';
  });

  test('tells a refused token from a Telegram that does not answer', async () => {
    getMe = [401, { ok: false, error_code: 401, description: 'Unauthorized' }];
    const { exit, codes } = await doctor();
    getMe = undefined;
    expect(exit).toBe(1);
    expect(codes).toContain('telegram.token_refused');
  });

  test('says plainly whether chat keeps to the rule of Telegram', async () => {
    const open = await doctor({ ...secured, NODE_ENV: 'production' });
    expect(open.checks).toContainEqual(
      expect.objectContaining({ state: 'warn', text: expect.stringMatching(/Stars alone.*CHAT_STARS_ONLY=1/) }),
    );
    const kept = await doctor({ CHAT_STARS_ONLY: '1', PAYMENT_PROVIDERS: 'pingpong,stars' });
    expect(kept.codes).toContain('offer.chat_stars_only');
    expect(kept.codes).not.toContain('offer.no_star_prices');
    const unsold = await doctor({ CHAT_STARS_ONLY: '1' });
    expect(unsold.exit).toBe(1);
    expect(unsold.codes).toContain('offer.no_star_prices');
    expect((await doctor({ CHAT_STARS_ONLY: '1', PAYMENT_PROVIDERS: 'pingpong' })).codes).toContain('settings.refused');
  });

  test('tries whether notices reach the webhook process, and leaves no trace by it', async () => {
    for (const [status, code] of [
      [421, 'go_to_bot'],
      [301, 'redirected'],
      [404, 'go_astray'],
    ] as const) {
      noticeStatus = status;
      expect((await doctor()).codes).toContain(`notices.${code}`);
    }
    noticeStatus = 413;
    const own = await doctor({ PINGPONG_NOTIFY_URL: 'http://127.0.0.1:9/webhook/pingpong/' });
    expect(own.codes).toEqual(expect.arrayContaining(['notices.arrive', 'notices.no_answer', 'settings.notify_slash']));
    expect(await row(database.db, 'select count(*) as count from refused_notices')).toEqual({ count: 0 });
  });

  test('explains the XML notices of an older program, and counts what was refused', async () => {
    await row(database.db, `select record_refused_notice('wechat', 'this is XML, a notice of API v2: …', '\\x00', 9)`);
    const { checks, exit } = await doctor();
    expect(exit).toBe(0);
    expect(checks).toContainEqual(
      expect.objectContaining({ check: 'notices', state: 'ok', text: expect.stringContaining('1 of wechat') }),
    );
    expect(checks).toContainEqual(
      expect.objectContaining({ state: 'warn', text: expect.stringContaining('WECHAT_API_KEY') }),
    );
    await changed(database.db, 'delete from refused_notices');
  });

  test('tells what stands in the way of buyers: maintenance, gateways left out, rates nobody set', async () => {
    const mingdan = (...args: string[]) => run(env, args);
    await mingdan('maintenance', 'on');
    await mingdan('maintenance', 'on', '--provider', 'pingpong');
    await changed(
      database.db,
      `update provider_health set failures = 4, opened_at = now(), probe_at = now(), last_error = 'HTTP 502' where provider = 'pingpong'`,
    );
    const found = await doctor({ OXAPAY_SECRET_KEY: 'k', OXAPAY_API_BASE: env.WEBHOOK_URL });
    expect(found.codes).toEqual(
      expect.arrayContaining([
        'offer.maintenance',
        'offer.gateway_maintenance',
        'offer.gateway_out',
        'offer.rate_default',
      ]),
    );
    await mingdan('settings', 'set', 'usdt_to_cny_rate', '7.1');
    await changed(
      database.db,
      `update settings set updated_at = now() - interval '31 days' where key = 'usdt_to_cny_rate'`,
    );
    const later = await doctor({ OXAPAY_SECRET_KEY: 'k', OXAPAY_API_BASE: env.WEBHOOK_URL });
    expect(later.codes).toContain('offer.rate_old');
    await mingdan('maintenance', 'off');
    await mingdan('maintenance', 'off', '--provider', 'pingpong');
    await changed(database.db, 'delete from provider_health');
  });

  test('sees a data key that does not open what is there', async () => {
    const { exit, codes } = await doctor({ DATA_ENCRYPTION_KEY: `test:${Buffer.alloc(32, 9).toString('base64')}` });
    expect(exit).toBe(1);
    expect(codes).toContain('keys.do_not_open');
  });

  test('sees a database that is gone, or not ours', async () => {
    const gone = await doctor({ DATABASE_URL: 'postgres://a:hunter2@127.0.0.1:9/x' });
    expect(gone.codes).toContain('database.unreachable');
    expect(JSON.stringify(gone.checks)).not.toContain('hunter2');
    const wrong = new URL(database.url);
    wrong.pathname = '/no_such_database';
    expect((await doctor({ DATABASE_URL: wrong.href })).codes).toContain('database.refused');
  });
});

describe('the clock', () => {
  const clockOf = async (seconds: number) => {
    const ahead = { now: () => new Date(Date.now() + seconds * 1000) };
    const silent = { out: async () => undefined, err: () => undefined, input: Readable.from([]) };
    const context = createContext(silent, ahead, () => env);
    return (await checkClock(context, fetch)).map(({ state, key }) => [state, key]);
  };

  test.each([
    [0, 'ok', 'agrees'],
    [30, 'warn', 'drifts'],
    [-90, 'fail', 'off'],
  ])('that is %s seconds off: %s', async (seconds, state, key) => {
    expect(await clockOf(seconds)).toEqual([[state, key]]);
  });
});

describe('keys in the wrong place', () => {
  const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = (key: KeyObject, type: 'spki' | 'pkcs8') =>
    String(key.export({ format: 'pem', type })).replaceAll('\n', '\\n');

  test("the app's own public key instead of Alipay's", async () => {
    const [app, theirs] = [rsa(), rsa()];
    const alipay = (key: KeyObject) => ({
      ALIPAY_APP_ID: '2021000122671080',
      ALIPAY_PRIVATE_KEY: pem(app.privateKey, 'pkcs8'),
      ALIPAY_PUBLIC_KEY: pem(key, 'spki'),
      ALIPAY_GATEWAY_URL: `${env.WEBHOOK_URL}/gateway.do`,
    });
    const swapped = await doctor(alipay(app.publicKey));
    expect(swapped.checks).toContainEqual(
      expect.objectContaining({
        code: 'odd_key',
        text: expect.stringMatching(/ALIPAY_PUBLIC_KEY: it is your app's own/),
      }),
    );
    expect((await doctor(alipay(theirs.publicKey))).codes).not.toContain('gateway.odd_key');
  });

  test('keys of WeChat Pay that do not belong together, and a certificate that has ended', async () => {
    const [own, theirs] = [rsa(), rsa()];
    const wechat = {
      WECHAT_APP_ID: 'wx8888888888888888',
      WECHAT_MCH_ID: '1900000001',
      WECHAT_API_V3_KEY: 'v3-key-of-the-test-with-32-bytes',
      WECHAT_API_CLIENT_CERT: endedCertificate.replaceAll('\n', '\\n'),
      WECHAT_API_CLIENT_KEY: pem(own.privateKey, 'pkcs8'),
      WECHAT_API_SERIAL_NO: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
      WECHAT_PLATFORM_PUBLIC_KEY: pem(theirs.publicKey, 'spki'),
      WECHAT_PLATFORM_KEY_ID: 'PUB_KEY_ID_0119000000012024112100000000000001',
      WECHAT_API_BASE: env.WEBHOOK_URL,
    };
    const { checks } = await doctor(wechat);
    const odd = checks.filter(({ code }) => code === 'odd_key').map(({ text }) => text.split(': ')[1]);
    expect(odd).toEqual(['WECHAT_API_SERIAL_NO', 'WECHAT_API_CLIENT_KEY']);
    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'certificate',
        state: 'fail',
        text: expect.stringContaining('WECHAT_API_CLIENT_CERT'),
      }),
    );
    const merchantSerial = await doctor({ ...wechat, WECHAT_PLATFORM_KEY_ID: wechat.WECHAT_API_SERIAL_NO });
    expect(merchantSerial.checks).toContainEqual(
      expect.objectContaining({
        code: 'invalid',
        text: expect.stringMatching(/WECHAT_PLATFORM_KEY_ID.*serial of your own/),
      }),
    );
  });
});

describe('what doctor makes of answers', () => {
  const model = { name: 'deepseek-flash', listModels: async () => ['deepseek-v4-pro'], balance: async () => undefined };
  const refusing = (status?: number) => ({
    ...model,
    listModels: async () => {
      throw new ModelError('x', 'x', { kind: 'operator', hint: 'x', ...(status === undefined ? {} : { status }) });
    },
  });

  test('a model name that is not offered is named with those that are', async () => {
    expect(await judgeModel(model, 'host')).toEqual([
      {
        check: 'deepseek',
        state: 'fail',
        key: 'model_unknown',
        params: { name: 'deepseek-flash', known: 'deepseek-v4-pro' },
      },
    ]);
  });

  test.each([
    [401, 'key_refused'],
    [403, 'key_refused'],
    [402, 'balance_empty'],
    [500, 'error'],
    [undefined, 'no_answer'],
  ])('HTTP %s of the model is %s', async (status, key) => {
    expect(await judgeModel(refusing(status), 'host')).toMatchObject([{ state: 'fail', key }]);
  });

  test('an empty account is to be fixed, an endpoint without a list only warned of', async () => {
    const empty = {
      ...model,
      listModels: async () => undefined,
      balance: async () => ({ available: false, amounts: [] }),
    };
    expect(await judgeModel(empty, 'host')).toMatchObject([
      { state: 'warn', key: 'no_list' },
      { state: 'fail', key: 'balance_empty' },
    ]);
  });

  test('a gateway that refuses is told from one that does not answer', async () => {
    const asked = (error: Error) => judgeGateway({ provider: 'pingpong', queryPayment: () => Promise.reject(error) });
    expect(await asked(new GatewayRefused('x', 'x', { hint: 'x' }))).toMatchObject({ state: 'fail', key: 'refused' });
    expect(await asked(new GatewayUnreachable('x', 'x', { hint: 'x' }))).toMatchObject({
      state: 'fail',
      key: 'no_answer',
    });
  });
});

test('every language has the same texts with the same gaps', () => {
  const gaps = (tree: object, path = ''): string[] =>
    Object.entries(tree).flatMap(([key, value]) =>
      typeof value === 'string'
        ? [`${path}${key} ${(value.match(/\{\{\w+\}\}/g) ?? []).sort().join()}`]
        : gaps(value, `${path}${key}.`),
    );
  const [first, ...others] = operatorLanguages.map((language) =>
    gaps(readLocale(language))
      .filter((line) => !/^doctor\.settings\.(missing|placeholder|invalid|partial|refused) /.test(line))
      .sort(),
  );
  for (const other of others) expect(other).toEqual(first);
});
