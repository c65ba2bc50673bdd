import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { readPrivateKey, readPublicKey } from '../src/pem.ts';
import { GATEWAY_URL, hasOwnKeyForAlipays, settings } from '../src/providers/alipay/settings.ts';
import { chinaTime, dateOf, partsOf, signedText } from '../src/providers/alipay/wire.ts';
import { exampleCertificate } from './example-certificate.ts';

const app = generateKeyPairSync('rsa', { modulusLength: 2048 });
const alipay = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: typeof app.publicKey, type: 'spki' | 'pkcs8') =>
  String(type === 'spki' ? key.export({ format: 'pem', type }) : key.export({ format: 'pem', type }));
const env = {
  ALIPAY_APP_ID: '2021000122671080',
  ALIPAY_PRIVATE_KEY: pem(app.privateKey, 'pkcs8'),
  ALIPAY_PUBLIC_KEY: pem(alipay.publicKey, 'spki'),
};

describe('the settings of Alipay', () => {
  test('give the webhook process no private key', () => {
    const parsed = settings.webhook.parse(env);
    expect(Object.keys(parsed).sort()).toEqual(['appId', 'publicKeys', 'sellerId']);
    expect(parsed.publicKeys.map(({ type }) => type)).toEqual(['public']);
    expect(settings.variables.find(({ name }) => name === 'ALIPAY_PRIVATE_KEY')?.neededBy).toBe('bot');
  });

  test('have the gateway of production where none is named', () => {
    expect(settings.bot.parse(env).gatewayUrl).toBe(GATEWAY_URL);
    const other = 'http://127.0.0.1:9/gateway.do';
    expect(settings.bot.parse({ ...env, ALIPAY_GATEWAY_URL: other }).gatewayUrl).toBe(other);
  });

  test('take several keys of Alipay, and a certificate for one', () => {
    const keys = `${env.ALIPAY_PUBLIC_KEY},${exampleCertificate.pem.replaceAll('\n', '\\n')}`;
    expect(settings.webhook.parse({ ...env, ALIPAY_PUBLIC_KEY: keys }).publicKeys).toHaveLength(2);
  });

  test.each([
    ['ALIPAY_PRIVATE_KEY', 'no key'],
    ['ALIPAY_PRIVATE_KEY', pem(app.publicKey, 'spki')],
    ['ALIPAY_PUBLIC_KEY', 'no key'],
    ['ALIPAY_PUBLIC_KEY', ' , '],
    ['ALIPAY_PUBLIC_KEY', `${env.ALIPAY_PUBLIC_KEY},cut`],
    ['ALIPAY_PUBLIC_KEY', env.ALIPAY_PRIVATE_KEY],
    ['ALIPAY_GATEWAY_URL', 'openapi.alipay.com'],
  ])('name %s where it cannot be read, and say nothing of what it holds', (name, value) => {
    const { error } = settings.bot.safeParse({ ...env, [name]: value });
    expect(error?.issues.map(({ path }) => path[0])).toEqual([name]);
    expect(JSON.stringify(error?.issues)).not.toContain(value.slice(0, 40));
  });

  test("know the app's own public key in the place of Alipay's", () => {
    expect(hasOwnKeyForAlipays(settings.bot.parse(env))).toBe(false);
    const swapped = { ...env, ALIPAY_PUBLIC_KEY: pem(app.publicKey, 'spki') };
    expect(hasOwnKeyForAlipays(settings.bot.parse(swapped))).toBe(true);
  });
});

describe('the words of Alipay', () => {
  test('tell the time of China', () => {
    expect(chinaTime(new Date('2026-12-31T16:00:00.999Z'))).toBe('2027-01-01 00:00:00');
    expect(dateOf('2027-01-01 00:00:00')).toEqual(new Date('2026-12-31T16:00:00Z'));
    for (const text of [null, '', '2027-01-01', '2027-13-01 00:00:00', 'x2027-01-01 00:00:00'])
      expect(dateOf(text)).toBeNull();
  });

  const { vectors } = z
    .object({ vectors: z.array(z.record(z.string(), z.unknown())) })
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/alipay.json'), 'utf8')));
  const text = (id: string, name: string) => String(vectors.find((one) => one.id === id)?.[name]);

  test('are signed in a request as published: with sign_type', () => {
    const id = 'alipay-request-sign';
    const params = vectors.find((one) => one.id === id)?.params;
    const fields = new Map(Object.entries(z.record(z.string(), z.string()).parse(params)));
    const content = signedText(new Map([...fields].reverse()), 'request');
    expect(content).toBe(text(id, 'signed_content'));
    const key = readPrivateKey(text(id, 'private_key_pem'));
    expect(key && sign('sha256', Buffer.from(content), key).toString('base64')).toBe(text(id, 'signature_base64'));
  });

  test('are signed in an answer as published: the text of its part', () => {
    const id = 'alipay-response-signature';
    const part = partsOf(text(id, 'response_body'))?.get('alipay_open_file_upload_response') ?? '';
    expect(part).toBe(text(id, 'signed_content'));
    const key = readPublicKey(text(id, 'public_key_pem'));
    const signature = Buffer.from(text(id, 'signature_base64'), 'base64');
    expect(key && verify('sha256', Buffer.from(part), key, signature)).toBe(true);
  });

  test.each([
    ['{"a":{"b":"} , \\" {"},"sign":"x"}', { a: '{"b":"} , \\" {"}', sign: '"x"' }],
    [' { "a" : [1, {"c":2}] , "b" : null } ', { a: '[1, {"c":2}]', b: 'null' }],
    ['{"\\u0061":1}', { a: '1' }],
    ['{}', {}],
  ])('in an answer are told apart as they were written: %s', (answer, parts) => {
    expect(Object.fromEntries(partsOf(answer) ?? [])).toEqual(parts);
  });

  test.each(['', '[]', 'null', '"a"', '{', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{}{}'])(
    'that are no answer, or one thing twice, have no parts: %s',
    (answer) => {
      expect(partsOf(answer)).toBeUndefined();
    },
  );
});
