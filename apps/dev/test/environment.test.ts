import { describe, expect, test } from '@jest/globals';
import { gatewayNames } from '@mingdan/app-sandbox/src/gateways/index.ts';
import { makeSandboxKeys, planOf, sandboxEnvironment, webhookEnvironment } from '../src/environment.ts';

const urls = {
  smtp: 'smtp://127.0.0.1:3025',
  telegram: 'http://s/telegram',
  deepseek: 'http://s/deepseek',
  yuanfenju: 'http://s/yuanfenju',
};
const PINGPONG = {
  PINGPONG_API_BASE: 'https://pay.test',
  PINGPONG_MERCHANT_ID: 'm',
  PINGPONG_API_SECRET: 'a',
  PINGPONG_WEBHOOK_SECRET: 'w',
};

describe('which services are real', () => {
  test('without any key all are the sandbox, the chart is computed here and the database is embedded', () => {
    expect(planOf({})).toEqual({
      telegram: 'sandbox',
      mail: 'sandbox',
      deepseek: 'sandbox',
      bazi: 'local',
      payments: [],
      playMoney: gatewayNames,
      production: false,
      database: 'embedded',
      needsSandbox: true,
    });
  });

  test('each switches on by its own key, and none of them is asked of the sandbox', () => {
    const env = {
      ...PINGPONG,
      TELEGRAM_BOT_TOKEN: '1:t',
      DEEPSEEK_API_KEY: 'sk',
      YUANFENJU_API_KEY: 'y',
      DATABASE_URL: 'postgres://h/d',
    };
    expect(planOf(env)).toMatchObject({
      telegram: 'real',
      deepseek: 'real',
      bazi: 'real',
      payments: ['pingpong'],
      playMoney: gatewayNames.filter((name) => name !== 'pingpong'),
      production: false,
      database: 'own',
    });
    expect(planOf({ DEEPSEEK_API_KEY: 'sk' })).toMatchObject({ telegram: 'sandbox', deepseek: 'real', payments: [] });
  });

  test('a placeholder is no key', () => {
    expect(
      planOf({ TELEGRAM_BOT_TOKEN: 'your-bot-token', DEEPSEEK_API_KEY: 'sk-...', DATABASE_URL: ' ' }),
    ).toMatchObject({
      telegram: 'sandbox',
      deepseek: 'sandbox',
      database: 'embedded',
    });
  });

  test('production has neither sandbox nor embedded database, whatever is missing', () => {
    expect(planOf({ NODE_ENV: 'production' })).toMatchObject({
      telegram: 'real',
      deepseek: 'real',
      database: 'own',
      playMoney: [],
      needsSandbox: false,
    });
  });

  test('the sandbox changes base URLs and keys, nothing else', () => {
    const names = Object.keys(sandboxEnvironment(planOf({ BAZI_SOURCE: 'yuanfenju' }), makeSandboxKeys(), urls));
    expect(
      names.filter(
        (name) =>
          !/_(API_ROOT|API_BASE|BASE_URL|API_KEY|TOKEN|SECRET|MERCHANT_ID|PROTOCOL)$|^(SMTP_URL|MAIL_FROM)$/.test(name),
      ),
    ).toEqual([]);
  });
});

test('the webhook process is given an allow list: what verifies notices, and nothing that spends, speaks or decrypts', () => {
  const given = webhookEnvironment({
    ...PINGPONG,
    PATH: '/bin',
    DATABASE_URL: 'postgres://h/d',
    TELEGRAM_BOT_TOKEN: '1:t',
    DEEPSEEK_API_KEY: 'sk',
    DATA_ENCRYPTION_KEY: 'k',
    SECRET_KEY: 's',
    API_KEY: 'a',
    ADMIN_TOKEN: 'a',
    YUANFENJU_API_KEY: 'y',
    A_SECRET_OF_TOMORROW: 'x',
  });
  expect(Object.keys(given).sort()).toEqual([
    'DATABASE_URL',
    'PATH',
    'PINGPONG_MERCHANT_ID',
    'PINGPONG_WEBHOOK_SECRET',
  ]);
});
