import type { ProviderVariable } from '../../contract.ts';

const CONSOLE = 'pay.weixin.qq.com';

/** What WeChat Pay reads of the environment, as people are told about it. */
export const variables: readonly ProviderVariable[] = [
  {
    name: 'WECHAT_APP_ID',
    expected: 'the app id that your merchant number is bound to',
    example: 'wx8888888888888888',
    secret: false,
    neededBy: 'both',
    required: true,
  },
  {
    name: 'WECHAT_APP_IDS',
    expected: 'app ids by method, where mini program, official account or mobile app differ from WECHAT_APP_ID',
    example: 'WECHAT_JSAPI=wx7777777777777777,WECHAT_APP=wx6666666666666666',
    secret: false,
    neededBy: 'both',
    required: false,
  },
  {
    name: 'WECHAT_MCH_ID',
    expected: `your merchant number at ${CONSOLE}`,
    example: '1900000001',
    secret: false,
    neededBy: 'both',
    required: true,
  },
  {
    name: 'WECHAT_API_V3_KEY',
    expected: `the APIv3 key, exactly 32 bytes (${CONSOLE}, API security); the key of API v2 is another one`,
    example: 'an-api-v3-key-has-32-bytes-like!',
    secret: true,
    neededBy: 'both',
    required: true,
  },
  {
    name: 'WECHAT_API_CLIENT_CERT',
    expected: 'your API certificate, apiclient_cert.pem',
    example: '-----BEGIN CERTIFICATE-----\\nMII…\\n-----END CERTIFICATE-----',
    secret: false,
    neededBy: 'bot',
    required: true,
  },
  {
    name: 'WECHAT_API_CLIENT_KEY',
    expected: 'the private key of your API certificate, apiclient_key.pem',
    example: '-----BEGIN PRIVATE KEY-----\\nMII…\\n-----END PRIVATE KEY-----',
    secret: true,
    neededBy: 'bot',
    required: true,
  },
  {
    name: 'WECHAT_API_SERIAL_NO',
    expected: 'the serial number of your API certificate',
    example: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
    secret: false,
    neededBy: 'bot',
    required: true,
  },
  {
    name: 'WECHAT_PLATFORM_PUBLIC_KEY',
    expected: 'the public key of WeChat Pay, or a platform certificate; several side by side, separated by commas',
    example: '-----BEGIN PUBLIC KEY-----\\nMII…\\n-----END PUBLIC KEY-----',
    secret: false,
    neededBy: 'both',
    required: true,
  },
  {
    name: 'WECHAT_PLATFORM_KEY_ID',
    expected:
      'the id of each of these keys, in the same order: PUB_KEY_ID_ and digits for a public key, the serial for a ' +
      'platform certificate; never the serial of your own certificate',
    example: 'PUB_KEY_ID_0119000000012024112100000000000001',
    secret: false,
    neededBy: 'both',
    required: true,
  },
  {
    name: 'WECHAT_API_BASE',
    expected: 'the root of the API, without a version',
    example: 'https://api.mch.weixin.qq.com',
    secret: false,
    neededBy: 'bot',
    required: false,
  },
  {
    name: 'WECHAT_NOTIFY_URL',
    expected:
      'the address of payment notices, where it is not WEBHOOK_URL/webhook/wechat; https and without a query string',
    example: 'https://pay.example.com/webhook/wechat',
    secret: false,
    neededBy: 'bot',
    required: false,
  },
  {
    name: 'WECHAT_REFUND_NOTIFY_URL',
    expected: 'the address of refund notices, where it is another one; https and without a query string',
    example: 'https://pay.example.com/webhook/wechat/refund',
    secret: false,
    neededBy: 'bot',
    required: false,
  },
];
