import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import { z } from 'zod';
import { ForgedNotice, type RawNotice } from '../src/index.ts';
import { signBody } from '../src/providers/stripe/sign-for-tests.ts';
import { now, seconds, settings, verifier, verifierFor } from './stripe-verifier.ts';

const [vector] = z
  .object({
    vectors: z.array(
      z.object({
        secret: z.string(),
        payload_base64: z.string(),
        timestamp: z.number(),
        v1_hex: z.string(),
        header: z.string(),
        checks: z.array(z.object({ received_at: z.number(), valid: z.boolean() })),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/stripe.json'), 'utf8'))).vectors;
if (!vector) throw new Error('there is no vector');

describe('the signature of Stripe', () => {
  const body = Buffer.from(vector.payload_base64, 'base64');
  const { timestamp: t, v1_hex: hex } = vector;
  const sent = new Date(t * 1000);
  const verify = (header: string | string[], at = sent, bytes = body) =>
    verifier.verify({ headers: { 'stripe-signature': header }, body: bytes }, at);

  test.each(vector.checks)('of the vector at $received_at is taken: $valid', ({ received_at, valid }) => {
    const read = () => verify(vector.header, new Date(received_at * 1000));
    if (valid) expect(read()).toMatchObject({ kind: 'pending', gatewayOrderId: '', problem: null });
    else expect(read).toThrow(ForgedNotice);
  });

  test.each([
    ['in upper case', `t=${t},v1=${hex.toUpperCase()}`],
    ['behind the old scheme v0', `t=${t},v0=${'0'.repeat(64)},v1=${hex}`],
    ['behind one of a secret that is going', `t=${t},v1=${'a'.repeat(64)},v1=${hex}`],
    ['before one of a secret that is coming', `t=${t},v1=${hex},v1=${'a'.repeat(64)}`],
    ['before its time', `v1=${hex},t=${t}`],
    ['with spaces', `t=${t}, v1=${hex}`],
    ['as the only value of a list', [vector.header]],
  ])('is taken %s', (_, header) => {
    expect(verify(header).eventId).toBe('none:evt_test_webhook');
  });

  test.each([
    ['no time', `v1=${hex}`],
    ['two times', `t=${t},t=${t},v1=${hex}`],
    ['a time in words', `t=now,v1=${hex}`],
    ['a negative time', `t=-${t},v1=${hex}`],
    ['another time', `t=${t + 1},v1=${hex}`],
    ['no signature', `t=${t}`],
    ['the scheme v0 alone', `t=${t},v0=${hex}`],
    ['one character too few', `t=${t},v1=${hex.slice(1)}`],
    ['one character too many', `t=${t},v1=${hex}0`],
    ['characters that are no hex', `t=${t},v1=${'g'.repeat(64)}`],
    ['base64', `t=${t},v1=${Buffer.from(hex, 'hex').toString('base64')}`],
    ['two headers', [vector.header, vector.header]],
    ['nothing', ''],
  ])('with %s is refused', (_, header) => {
    expect(() => verify(header)).toThrow(ForgedNotice);
  });

  test('is wanted over the bytes: the same JSON written anew is refused', () => {
    const anew = Buffer.from(JSON.stringify(JSON.parse(body.toString())));
    expect(() => verify(vector.header, sent, anew)).toThrow(ForgedNotice);
    expect(() => verify(vector.header, sent, Buffer.concat([Buffer.from('\ufeff'), body]))).toThrow(ForgedNotice);
  });

  test('takes the whole secret as its key, and any of those that are set while one is rolled', () => {
    const rolled = verifierFor({ webhookSecrets: ['whsec_new', 'whsec_old'], liveMode: null });
    const payload = '{"id":"evt_1"}';
    const by = (secret: string): RawNotice => ({
      headers: {
        'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: seconds }),
      },
      body: Buffer.from(payload),
    });
    for (const secret of ['whsec_new', 'whsec_old']) expect(rolled.verify(by(secret), now).kind).toBe('pending');
    for (const secret of ['whsec_older', 'new']) expect(() => rolled.verify(by(secret), now)).toThrow(ForgedNotice);
  });

  test('of an HMAC under an empty secret is refused where no secret is set', () => {
    for (const webhookSecrets of [[], ['']]) {
      const none = { webhookSecrets, liveMode: null };
      expect(() => verifierFor(none).verify(signBody(none, '{}', now), now)).toThrow(ForgedNotice);
    }
  });

  test('says in plain words how old an event is', () => {
    const notice = signBody(settings, '{}', new Date(now.getTime() - 301_000));
    expect(() => verifier.verify(notice, now)).toThrow('signed 301 s ago');
    const early = signBody(settings, '{}', new Date(now.getTime() + 301_000));
    expect(() => verifier.verify(early, now)).toThrow('signed 301 s ahead');
  });
});
