import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ForgedNotice } from '../src/index.ts';
import { readPublicKey } from '../src/pem.ts';
import { now, posted, stranger, verifierFor } from './alipay-verifier.ts';

const vectors = z
  .object({
    vectors: z.array(
      z.object({
        id: z.string(),
        public_key_pem: z.string(),
        params: z.record(z.string(), z.string()).default({}),
        form_body: z.string().default(''),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/alipay.json'), 'utf8'))).vectors;

function vector(id: string) {
  const found = vectors.find((one) => one.id === id);
  if (!found) throw new Error(`no vector ${id}`);
  return { ...found, publicKeys: [readPublicKey(found.public_key_pem)].filter((key) => key !== undefined) };
}

describe('the published notice', () => {
  const published = vector('alipay-notify-trade-success');
  const theirs = { appId: '2019073166072302', sellerId: '2088531891668739', publicKeys: published.publicKeys };

  test('is taken as it was sent', () => {
    expect(verifierFor(theirs).verify(posted(published.form_body), now)).toEqual({
      provider: 'alipay',
      eventId: '2019081500222155624068450559358070:TRADE_SUCCESS:2019081522001468450512505578',
      kind: 'paid',
      gatewayOrderId: '20190815155618536-564-57',
      providerPaymentId: '2019081522001468450512505578',
      refundId: null,
      amount: { minor: 10, currency: 'CNY' },
      refundedTotal: null,
      merchantMatches: true,
      problem: null,
      occurredAt: new Date('2019-08-15T15:56:24+08:00'),
    });
  });

  test('is taken with its fields in another order and in another encoding of the same text', () => {
    const turned = published.form_body.split('&').reverse().join('&').replaceAll('%2F', '/').replaceAll('+', '%20');
    expect(verifierFor(theirs).verify(posted(turned), now).kind).toBe('paid');
  });

  test.each([
    ['another amount', 'total_amount=0.10', 'total_amount=0.01'],
    ['another order', '20190815155618536-564-57', '20190815155618536-564-58'],
    ['another app', 'app_id=2019073166072302', 'app_id=2019073166072303'],
    ['a field more', 'gmt_create', 'passback_params=x&gmt_create'],
    ['a field less', '&point_amount=0.00', ''],
    ['a JSON field written anew', '%22%2C%22', '%22%2C+%22'],
    ['a text encoded twice', '%40126.com', '%2540126.com'],
    ['no sign_type', '&sign_type=RSA2', ''],
    ['sign_type RSA', 'sign_type=RSA2', 'sign_type=RSA'],
    ['a sign_type that nobody knows', 'sign_type=RSA2', 'sign_type=toString'],
    ['no sign', 'sign=', 'signature='],
    ['an empty sign', /sign=[^&]*/, 'sign='],
    ['a sign of one character', /sign=[^&]*/, 'sign=A'],
    ['the plus signs of its signature taken for spaces', '%2B', '+'],
    ['a byte order mark', /^/, '\ufeff'],
    ['its amount twice', 'total_amount=0.10', 'total_amount=0.10&total_amount=100.00'],
    ['its amount twice, the other first', 'total_amount=0.10', 'total_amount=100.00&total_amount=0.10'],
    ['the same field twice', 'version=1.0', 'version=1.0&version=1.0'],
  ])('is refused with %s', (_, from, to) => {
    const changed = published.form_body.replace(from, to);
    expect(changed).not.toBe(published.form_body);
    expect(() => verifierFor(theirs).verify(posted(changed), now)).toThrow(ForgedNotice);
  });

  test('is refused under another key, and taken where its key stands beside another', () => {
    const other = { ...theirs, publicKeys: [stranger.publicKey] };
    expect(() => verifierFor(other).verify(posted(published.form_body), now)).toThrow('ALIPAY_PUBLIC_KEY');
    const both = { ...theirs, publicKeys: [stranger.publicKey, ...theirs.publicKeys] };
    expect(verifierFor(both).verify(posted(published.form_body), now).kind).toBe('paid');
  });

  test('of the service market, which signs in another way and tells of no payment, is refused', () => {
    const market = vector('alipay-notify-servicemarket');
    const theirs = { appId: '2017122801303261', sellerId: null, publicKeys: market.publicKeys };
    const body = new URLSearchParams(market.params).toString();
    expect(() => verifierFor(theirs).verify(posted(body), now)).toThrow(ForgedNotice);
  });
});
