import { createHash, verify } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { GatewayRefused, GatewayUnreachable } from '../src/index.ts';
import { diagnose } from '../src/providers/wechat/doctor.ts';
import { settings } from '../src/providers/wechat/settings.ts';
import { seal } from '../src/providers/wechat/wire.ts';
import { fetchPlatformCertificates, merchantSettings } from '../src/wechat.ts';
import { exampleCertificate } from './example-certificate.ts';
import { merchantKeys, PUBLIC_KEY_ID, platformKeys, secondPlatformKeys, webhookSettings } from './wechat-keys.ts';

const pem = (pair: typeof platformKeys): string => pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const privatePem = (type: 'pkcs1' | 'pkcs8'): string =>
  merchantKeys.privateKey.export({ type, format: 'pem' }).toString();
const escaped = (text: string): string => text.replaceAll('\n', '\\n');
const bare = (text: string): string => text.replaceAll(/-----[A-Z ]+-----|\s/g, '');

const given = {
  WECHAT_APP_ID: 'wx8888888888888888',
  WECHAT_MCH_ID: '1900000001',
  WECHAT_API_V3_KEY: webhookSettings.apiV3Key,
  WECHAT_PLATFORM_PUBLIC_KEY: pem(platformKeys),
  WECHAT_PLATFORM_KEY_ID: PUBLIC_KEY_ID,
};
const givenToBot = {
  ...given,
  WECHAT_API_CLIENT_CERT: exampleCertificate.pem,
  WECHAT_API_CLIENT_KEY: privatePem('pkcs8'),
  WECHAT_API_SERIAL_NO: exampleCertificate.serial,
};

function blamed(change: Record<string, string>, side: 'webhook' | 'bot' = 'bot'): unknown[] {
  const parsed = settings[side].safeParse({ ...(side === 'bot' ? givenToBot : given), ...change });
  return parsed.error?.issues.map(({ path }) => path[0]) ?? [];
}

describe('the settings of WeChat Pay', () => {
  test('give the webhook process no key that signs', () => {
    const webhook = settings.webhook.parse({ ...given, WECHAT_API_CLIENT_KEY: privatePem('pkcs8') });
    expect(Object.keys(webhook)).toEqual(['mchId', 'appIds', 'apiV3Key', 'platformKeys']);
    expect(webhook.platformKeys.map(({ id, publicKey }) => [id, publicKey.type])).toEqual([[PUBLIC_KEY_ID, 'public']]);
  });

  test.each([
    ['real line breaks', privatePem('pkcs8')],
    ['written line breaks', escaped(privatePem('pkcs8'))],
    ['PKCS#1', privatePem('pkcs1')],
    ['bare base64', bare(privatePem('pkcs8'))],
  ])('take a private key with %s', (_, WECHAT_API_CLIENT_KEY) => {
    const bot = settings.bot.parse({ ...givenToBot, WECHAT_API_CLIENT_KEY });
    expect(bot.privateKey.equals(merchantKeys.privateKey)).toBe(true);
  });

  test('take several platform keys side by side: certificates and public keys', () => {
    const bot = settings.bot.parse({
      ...givenToBot,
      WECHAT_API_SERIAL_NO: 'ABCDEF',
      WECHAT_PLATFORM_PUBLIC_KEY: `${bare(pem(platformKeys))}, ${escaped(exampleCertificate.pem)},${pem(secondPlatformKeys)}`,
      WECHAT_PLATFORM_KEY_ID: `PUB_KEY_ID_01, ${exampleCertificate.serial.toLowerCase()},PUB_KEY_ID_02`,
    });
    expect(bot.platformKeys.map(({ id, certificate }) => [id, certificate?.notAfter])).toEqual([
      ['PUB_KEY_ID_01', undefined],
      [exampleCertificate.serial, exampleCertificate.notAfter],
      ['PUB_KEY_ID_02', undefined],
    ]);
  });

  test('know the app of each method', () => {
    const bot = settings.bot.parse({ ...givenToBot, WECHAT_APP_IDS: 'wechat_jsapi = wx7, WECHAT_APP=wx6' });
    expect(bot.appIdByMethod).toEqual({ WECHAT_JSAPI: 'wx7', WECHAT_APP: 'wx6' });
    expect(bot.appIds).toEqual(['wx8888888888888888', 'wx7', 'wx6']);
  });

  test('ask the real gateway where no other is named', () => {
    expect(settings.bot.parse(givenToBot).apiBase).toBe('https://api.mch.weixin.qq.com');
    expect(settings.bot.parse({ ...givenToBot, WECHAT_API_BASE: 'http://127.0.0.1:4000/' }).apiBase).toBe(
      'http://127.0.0.1:4000',
    );
  });

  test.each([
    ['WECHAT_API_V3_KEY', 'x'.repeat(31)],
    ['WECHAT_API_V3_KEY', '命'.repeat(32)],
    ['WECHAT_API_CLIENT_KEY', pem(platformKeys)],
    ['WECHAT_API_CLIENT_KEY', 'nonsense'],
    ['WECHAT_PLATFORM_PUBLIC_KEY', privatePem('pkcs8')],
    ['WECHAT_PLATFORM_PUBLIC_KEY', 'nonsense'],
    ['WECHAT_PLATFORM_KEY_ID', 'PUB_KEY_ID_01,PUB_KEY_ID_02'],
    ['WECHAT_PLATFORM_KEY_ID', ','],
    ['WECHAT_APP_IDS', 'wx7'],
    ['WECHAT_APP_IDS', 'WECHAT_MICROPAY=wx7'],
    ['WECHAT_NOTIFY_URL', 'https://pay.example.com/webhook/wechat?a=1'],
    ['WECHAT_REFUND_NOTIFY_URL', 'ftp://pay.example.com/'],
    ['WECHAT_API_BASE', 'api.mch.weixin.qq.com'],
  ])('blame %s where it cannot be right (%#)', (name, value) => {
    expect(blamed({ [name]: value })).toEqual([name]);
  });

  test('say plainly that our own serial is no platform serial', () => {
    const own = { ...givenToBot, WECHAT_PLATFORM_KEY_ID: exampleCertificate.serial.toLowerCase() };
    const problem = settings.bot.safeParse(own).error?.issues[0];
    expect(problem).toMatchObject({ path: ['WECHAT_PLATFORM_KEY_ID'] });
    expect(problem?.message).toContain('serial of your own API certificate');
  });

  test('are the same for both processes, except for what moves money', () => {
    expect(blamed({ WECHAT_PLATFORM_KEY_ID: 'A,B' }, 'webhook')).toEqual(['WECHAT_PLATFORM_KEY_ID']);
    const names = (side: string) =>
      settings.variables.filter(({ neededBy }) => neededBy === side).map(({ name }) => name);
    expect(names('bot').filter((name) => name.startsWith('WECHAT_API_C'))).toHaveLength(2);
    expect(names('both')).not.toContain('WECHAT_API_CLIENT_KEY');
  });
});

describe('the keys of WeChat Pay', () => {
  const problemsOf = (change: Record<string, string>): string[] =>
    diagnose(settings.bot.parse({ ...givenToBot, ...change })).map(({ variable }) => variable);

  test('that do not belong together are found', () => {
    // The example certificate was made for another key than ours.
    expect(problemsOf({})).toEqual(['WECHAT_API_CLIENT_KEY']);
    expect(problemsOf({ WECHAT_API_SERIAL_NO: 'ABCDEF' })).toContain('WECHAT_API_SERIAL_NO');
    expect(problemsOf({ WECHAT_API_CLIENT_CERT: pem(merchantKeys) })).toEqual(['WECHAT_API_CLIENT_CERT']);
  });

  test('that are our own instead of those of WeChat Pay are found', () => {
    expect(problemsOf({ WECHAT_PLATFORM_PUBLIC_KEY: pem(merchantKeys) })).toContain('WECHAT_PLATFORM_PUBLIC_KEY');
  });

  test('whose ids are not theirs are found', () => {
    expect(problemsOf({ WECHAT_PLATFORM_KEY_ID: 'SERIAL-1' })).toContain('WECHAT_PLATFORM_KEY_ID');
    expect(problemsOf({ WECHAT_PLATFORM_KEY_ID: 'ABC' })).not.toContain('WECHAT_PLATFORM_KEY_ID');
    const certificate = { WECHAT_PLATFORM_PUBLIC_KEY: exampleCertificate.pem, WECHAT_API_SERIAL_NO: 'ABC' };
    expect(problemsOf(certificate)).toContain('WECHAT_PLATFORM_KEY_ID');
  });
});

describe('the platform certificates', () => {
  const now = new Date('2026-11-21T12:00:00Z');
  let server: Server;
  let asked: string[];
  let answer: { status: number; json: unknown };
  let base: string;

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answer.json));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const fetched = () => {
    const { WECHAT_PLATFORM_KEY_ID: _, WECHAT_PLATFORM_PUBLIC_KEY: __, ...without } = givenToBot;
    const log = createLogger({ process: 'test', level: 'silent' });
    return fetchPlatformCertificates(merchantSettings.parse({ ...without, WECHAT_API_BASE: base }), {
      clock: { now: () => now },
      log,
    });
  };
  const listOf = (key: string, serial_no: string = exampleCertificate.serial) => ({
    data: [
      {
        serial_no,
        effective_time: '2026-11-21T00:00:00+08:00',
        expire_time: '2126-10-28T00:00:00+08:00',
        encrypt_certificate: {
          algorithm: 'AEAD_AES_256_GCM',
          ...seal(exampleCertificate.pem, key, createHash('md5').update(key).digest('hex').slice(0, 12), 'certificate'),
        },
      },
    ],
  });

  test('are fetched and opened before any of them is known', async () => {
    answer = { status: 200, json: listOf(webhookSettings.apiV3Key) };
    expect(await fetched()).toEqual([
      {
        serial: exampleCertificate.serial,
        certificate: exampleCertificate.pem.trim(),
        notAfter: exampleCertificate.notAfter,
      },
    ]);
    const parts =
      /^GET \/v3\/certificates WECHATPAY2-SHA256-RSA2048 .*nonce_str="(\w+)",timestamp="(\d+)".*signature="(.+)"$/.exec(
        asked[0] ?? '',
      );
    const text = `GET\n/v3/certificates\n${parts?.[2]}\n${parts?.[1]}\n\n`;
    const signature = Buffer.from(parts?.[3] ?? '', 'base64');
    expect(verify('sha256', Buffer.from(text), merchantKeys.publicKey, signature)).toBe(true);
  });

  test('that do not open with our APIv3 key, or are others than they say, are refused', async () => {
    answer = { status: 200, json: listOf('z'.repeat(32)) };
    await expect(fetched()).rejects.toMatchObject({ code: 'wrong_api_v3_key' });
    answer = { status: 200, json: listOf(webhookSettings.apiV3Key, 'ABCDEF') };
    await expect(fetched()).rejects.toMatchObject({ code: 'wrong_api_v3_key' });
  });

  test('that a merchant has none of are a no that says where to look', async () => {
    answer = { status: 404, json: { code: 'RESOURCE_NOT_EXISTS', message: '无可用的平台证书' } };
    await expect(fetched()).rejects.toThrow(GatewayRefused);
    await expect(fetched()).rejects.toMatchObject({ hint: expect.stringContaining('PUB_KEY_ID_') });
  });

  test('cannot be read out of nonsense', async () => {
    answer = { status: 200, json: { data: [] } };
    await expect(fetched()).rejects.toThrow(GatewayUnreachable);
  });
});
