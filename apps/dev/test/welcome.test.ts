import { expect, test } from '@jest/globals';
import { planOf } from '../src/environment.ts';
import type { System } from '../src/system.ts';
import { describeSystem } from '../src/welcome.ts';

const STRIPE = { STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_WEBHOOK_SECRET: 'whsec_1' };

function paymentsLine(env: Record<string, string>, offered: string[]): string | undefined {
  const system: System = {
    plan: planOf(env),
    offered,
    webhookUrl: 'http://127.0.0.1:3000',
    botUrl: 'http://127.0.0.1:3001',
    sandbox: undefined,
    differs: {},
    stop: async () => undefined,
    hurry: () => undefined,
  };
  return describeSystem(system, 'secrets.json', 1_000)
    .find((line) => line.includes('Payments'))
    ?.trim()
    .replace(/^Payments +/, '');
}

test.each([
  [
    'nothing is real',
    {},
    ['pingpong', 'stars', 'points', 'mock'],
    'play money: pingpong, stars, mock; in house: points',
  ],
  ['only the bot is real', { TELEGRAM_BOT_TOKEN: '1:t' }, ['pingpong', 'stars'], 'real: stars; play money: pingpong'],
  ['a gateway is real', STRIPE, ['stripe'], 'real: stripe; no play money beside it'],
  ['.env mixes both', STRIPE, ['stripe', 'pingpong'], 'real: stripe; play money: pingpong'],
])('where %s, the start says what money is what', (_what, env, offered, line) => {
  expect(paymentsLine(env as Record<string, string>, offered)).toBe(line);
});
