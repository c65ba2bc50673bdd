import { describe, expect, test } from '@jest/globals';
import { providerSettings } from '../src/settings.ts';

const pingpong = providerSettings.find(({ provider }) => provider === 'pingpong');
const plain = { PINGPONG_WEBHOOK_SECRET: 'w', PINGPONG_MERCHANT_ID: 'M-1' };
const v4 = { PINGPONG_CLIENT_ID: '1', PINGPONG_ACC_ID: '1291', PINGPONG_SALT: 's' };
const named = { PINGPONG_PROTOCOL: 'V4 ' };

describe('the settings of PingPong', () => {
  test('give the webhook process what is there of both protocols, whichever creates payments', () => {
    const keys = { clientId: '1', accId: '1291', salt: 's', signType: 'SHA256' };
    expect(pingpong?.webhook.parse(plain)).toEqual({ webhookSecret: 'w', merchantId: 'M-1', v4: null });
    expect(pingpong?.webhook.parse({ ...plain, ...v4 })).toEqual({ webhookSecret: 'w', merchantId: 'M-1', v4: keys });
    expect(pingpong?.webhook.parse({ ...plain, ...v4, ...named })).toMatchObject({ webhookSecret: 'w', v4: keys });
    expect(pingpong?.webhook.parse({ ...v4, ...named })).toEqual({ webhookSecret: '', merchantId: null, v4: keys });
  });

  test('take half of the keys of the protocol that is not used for none', () => {
    expect(pingpong?.webhook.parse({ ...plain, PINGPONG_SALT: 's' })).toMatchObject({ v4: null });
  });

  test('give the bot process one protocol', () => {
    const base = { PINGPONG_API_BASE: 'https://pay.example.com/' };
    const both = { ...base, PINGPONG_MERCHANT_ID: 'M-1', PINGPONG_API_SECRET: 'a', ...v4 };
    expect(pingpong?.bot.parse(both)).toEqual({
      protocol: 'plain',
      apiBase: 'https://pay.example.com',
      merchantId: 'M-1',
      apiSecret: 'a',
    });
    expect(pingpong?.bot.parse({ ...both, ...named, PINGPONG_SIGN_TYPE: 'md5' })).toEqual({
      protocol: 'v4',
      apiBase: 'https://pay.example.com',
      clientId: '1',
      accId: '1291',
      salt: 's',
      signType: 'MD5',
    });
  });

  test('lead v4 to the production host of the vendor where no other is named', () => {
    expect(pingpong?.bot.parse({ ...v4, ...named })).toMatchObject({
      apiBase: 'https://acquirer-payment.pingpongx.com',
    });
  });

  test.each(['webhook', 'bot'] as const)('name the protocol that nobody knows, for the %s process', (side) => {
    const parsed = pingpong?.[side].safeParse({ ...plain, ...v4, PINGPONG_PROTOCOL: 'v5' });
    expect(parsed?.error?.issues.map(({ path }) => path[0])).toEqual(['PINGPONG_PROTOCOL']);
  });
});
