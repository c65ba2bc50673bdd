import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { gatewayNames } from '@mingdan/app-sandbox/src/gateways/index.ts';
import type { ProviderName } from '@mingdan/payments/settings';
import { z } from 'zod';
import { planOf } from '../src/environment.ts';
import { gatewayEnvironment, offerOf, playGateways } from '../src/gateways.ts';

const PINGPONG = { PINGPONG_API_BASE: 'https://pay.test', PINGPONG_MERCHANT_ID: 'm', PINGPONG_API_SECRET: 'a' };
const TELEGRAM = { TELEGRAM_BOT_TOKEN: '1:t' };
const variable = { expected: 'a text', example: 'x', secret: true, neededBy: 'both', required: true } as const;
const parser = z.object({});
const provider = (name: ProviderName, ...names: string[]) =>
  ({
    provider: name,
    variables: names.map((each) => ({ ...variable, name: each })),
    webhook: parser,
    bot: parser,
  }) as const;
const registry = [
  provider('pingpong', 'PINGPONG_API_BASE', 'PINGPONG_MERCHANT_ID', 'PINGPONG_API_SECRET'),
  provider('stars', 'TELEGRAM_BOT_TOKEN'),
  provider('points'),
  provider('mock', 'MOCK_WEBHOOK_SECRET'),
];

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mingdan-gateways-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('the keys of gateways that the sandbox plays', () => {
  test('are made once, for both sides, and nobody else may read them', () => {
    const first = playGateways({}, planOf({}), folder, true);
    const second = playGateways({}, planOf({}), folder, true);
    expect(first.names).toEqual(gatewayNames);
    expect(second.keys).toEqual(first.keys);
    expect(statSync(first.keysFile).mode & 0o777).toBe(0o600);
    const environment = gatewayEnvironment({}, first, 'http://127.0.0.1:3002');
    expect(environment).toMatchObject({ PINGPONG_API_BASE: 'http://127.0.0.1:3002/pingpong' });
    const kept = JSON.parse(readFileSync(first.keysFile, 'utf8'));
    expect(kept.pingpong.sandbox.webhookSecret).toBe(environment['PINGPONG_WEBHOOK_SECRET']);
  });

  test('leave a protocol that .env chose as it is', () => {
    const env = { PINGPONG_PROTOCOL: 'v4' };
    const environment = gatewayEnvironment(env, playGateways(env, planOf(env), folder, true), 'http://s');
    expect(environment).not.toHaveProperty('PINGPONG_PROTOCOL');
    expect(environment).toHaveProperty('PINGPONG_WEBHOOK_SECRET');
  });

  test('are not made for one that has keys of its own', () => {
    const played = playGateways(PINGPONG, planOf(PINGPONG), folder, true);
    expect(played.names).not.toContain('pingpong');
    expect(
      Object.keys(gatewayEnvironment(PINGPONG, played, 'http://s')).filter((name) => name.startsWith('PINGPONG')),
    ).toEqual([]);
  });

  test('are made in a throw-away system for those only that it offers', () => {
    const env = { PAYMENT_PROVIDERS: 'pingpong' };
    expect(playGateways(env, planOf(env), folder, false).names).toEqual(['pingpong']);
    expect(playGateways({ NODE_ENV: 'production' }, planOf({ NODE_ENV: 'production' }), folder, true).names).toEqual(
      [],
    );
  });
});

describe('what is offered', () => {
  const offer = (env: Record<string, string>) => {
    const plan = planOf(env, registry);
    const played = gatewayEnvironment(env, playGateways(env, plan, folder, true), 'http://s');
    return offerOf({ ...env, TELEGRAM_BOT_TOKEN: 'the sandbox has one', ...played }, plan, registry);
  };

  test('is all that can be played or needs no key, in the order of the registry', () => {
    expect(offer({})).toBe('pingpong,stars,points');
    expect(offer({ MOCK_WEBHOOK_SECRET: 's' })).toBe('pingpong,stars,points,mock');
  });

  test('is what .env says where it says it, and in production', () => {
    expect(offer({ PAYMENT_PROVIDERS: 'points' })).toBeUndefined();
    expect(offer({ NODE_ENV: 'production' })).toBeUndefined();
  });

  test('holds play money where nothing but the bot is real', () => {
    expect(offer(TELEGRAM)).toBe('pingpong,stars,points');
  });

  test('holds no play money beside a real gateway', () => {
    expect(offer({ ...PINGPONG, MOCK_WEBHOOK_SECRET: 's' })).toBe('pingpong');
    expect(offer({ ...PINGPONG, ...TELEGRAM })).toBe('pingpong,stars');
  });
});
