import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  ForgedNotice,
  type NoticeKind,
  type NoticeToSign,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '../src/index.ts';

export interface ConformingProvider {
  provider: string;
  verifier: NoticeVerifier;
  sign: (notice: NoticeToSign) => RawNotice;
  /** the same notice, signed with a secret or key that is not the gateway's */
  signWithOtherKey: (notice: NoticeToSign) => RawNotice;
  /** any bytes as body with a right signature, where the protocol signs bytes */
  signBytes?: (body: Buffer) => RawNotice;
  /** a verifier whose secret or key is empty */
  withoutSecret: () => NoticeVerifier;
  acknowledgement: { status: number; body: string };
  /** what the gateway has notices of; all when left out */
  kinds?: readonly NoticeKind[];
}

const now = new Date('2026-11-21T12:00:00Z');
const paid: NoticeToSign = {
  kind: 'paid',
  gatewayOrderId: 'REPORT_20261121_7K3M9QXA',
  providerPaymentId: 'PAY-1',
  refundId: null,
  amount: { minor: 1990, currency: 'CNY' },
  merchant: 'ours',
  at: now,
};
const refunded: NoticeToSign = { ...paid, kind: 'refunded', refundId: 'R7d1' };

/** What every gateway's verifier must do, whatever its protocol. A provider counts as one when it passes. */
export function describeProvider(p: ConformingProvider): void {
  const verify = (notice: RawNotice): PaymentNotice => p.verifier.verify(notice, now);
  const told = (kinds: readonly NoticeKind[]): readonly NoticeKind[] =>
    kinds.filter((kind) => p.kinds === undefined || p.kinds.includes(kind));

  /** A changed notice is refused, or it still says exactly what was signed. */
  function refusedOrTheSame(changed: RawNotice, signed: PaymentNotice): void {
    const verdict = attempt(() => verify(changed));
    if (!isRefusal(verdict)) expect(verdict).toEqual(signed);
  }

  describe(`${p.provider}: what every provider must do`, () => {
    test('reads a paid notice in our words', () => {
      expect(verify(p.sign(paid))).toMatchObject({
        provider: p.provider,
        kind: 'paid',
        gatewayOrderId: paid.gatewayOrderId,
        providerPaymentId: 'PAY-1',
        refundId: null,
        amount: { minor: 1990, currency: 'CNY' },
        merchantMatches: true,
        problem: null,
      });
    });

    for (const kind of told(['failed', 'expired', 'processing', 'disputed'])) {
      test(`reads a ${kind} notice as ${kind}`, () => {
        expect(verify(p.sign({ ...paid, kind })).kind).toBe(kind);
      });
    }

    for (const kind of told(['refunded', 'refund_failed'])) {
      test(`reads a ${kind} notice with our refund id`, () => {
        expect(verify(p.sign({ ...refunded, kind }))).toMatchObject({ kind, refundId: 'R7d1' });
      });
    }

    test('keeps a status that it has never seen as pending', () => {
      expect(verify(p.sign({ ...paid, kind: 'unheard_of' })).kind).toBe('pending');
    });

    test('gives a repeat the same event id, and another event another one', () => {
      const first = verify(p.sign(paid)).eventId;
      expect(verify(p.sign(paid)).eventId).toBe(first);
      const others = [{ ...paid, providerPaymentId: 'PAY-2' }, { ...paid, kind: 'failed' as const }, refunded];
      for (const other of others) expect(verify(p.sign(other)).eventId).not.toBe(first);
    });

    test('passes on amount and currency as they were received', () => {
      const amount = { minor: 1, currency: 'USD' } as const;
      expect(verify(p.sign({ ...paid, amount })).amount).toEqual(amount);
    });

    test('never takes the payment of another merchant for ours', () => {
      const verdict = attempt(() => verify(p.sign({ ...paid, merchant: 'other' })));
      if (!isRefusal(verdict)) expect(verdict).toMatchObject({ merchantMatches: false });
    });

    test('passes on an order number that is none of ours', () => {
      expect(verify(p.sign({ ...paid, gatewayOrderId: 'SOMETHING-ELSE' })).gatewayOrderId).toBe('SOMETHING-ELSE');
    });

    test('refuses a notice signed with another key', () => {
      expect(() => verify(p.signWithOtherKey(paid))).toThrow(ForgedNotice);
    });

    test('refuses a notice without its signature', () => {
      expect(() => verify({ headers: {}, body: p.sign(paid).body.subarray(0, 0) })).toThrow(ForgedNotice);
    });

    test('verifies nothing with an empty secret', () => {
      const verifier = attempt(p.withoutSecret);
      if (!(verifier instanceof Error)) expect(() => verifier.verify(p.sign(paid), now)).toThrow(ForgedNotice);
    });

    test('acknowledges in exactly the words of the gateway', () => {
      expect(p.verifier.acknowledgement).toMatchObject(p.acknowledgement);
    });

    describeTampering();
  });

  function describeTampering(): void {
    const notice = p.sign(paid);
    const signed = verify(notice);

    test('refuses every truncation', () => {
      for (let length = 0; length < notice.body.length; length += 1) {
        const verdict = attempt(() => verify({ ...notice, body: notice.body.subarray(0, length) }));
        expect(verdict).toSatisfy(isRefusal);
      }
    });

    test('refuses every changed byte, or reads it as what was signed', () => {
      fc.assert(
        fc.property(fc.nat(notice.body.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
          const body = Buffer.from(notice.body);
          body[at] = (body[at] ?? 0) ^ change;
          refusedOrTheSame({ ...notice, body }, signed);
        }),
      );
    });

    test('refuses any header that is changed, doubled or left out, or reads it as what was signed', () => {
      for (const [name, value] of Object.entries(notice.headers)) {
        const text = String(value);
        for (const other of [
          undefined,
          '',
          'x',
          `${text}0`,
          text.slice(1),
          [text, text],
          '\u00e9'.repeat(text.length),
        ]) {
          refusedOrTheSame({ ...notice, headers: { ...notice.headers, [name]: other } }, signed);
        }
      }
    });

    test('answers garbage with a refusal and nothing else', () => {
      const bodies = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json(), fc.string({ unit: 'binary' }));
      fc.assert(
        fc.property(bodies, (garbage) => {
          const body = Buffer.from(garbage);
          expect(attempt(() => verify({ ...notice, body }))).toSatisfy(isRefusal);
          if (p.signBytes) {
            const verdict = attempt(() => verify(p.signBytes?.(body) ?? notice));
            expect(verdict).toSatisfy((it) => isRefusal(it) || !(it instanceof Error));
          }
        }),
      );
    });
  }
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error as Error;
  }
}

function isRefusal(verdict: unknown): verdict is Error {
  return verdict instanceof ForgedNotice || verdict instanceof UnreadableNotice;
}

expect.extend({
  toSatisfy(received: unknown, predicate: (value: unknown) => boolean) {
    return { pass: predicate(received), message: () => `${String(received)} was not expected` };
  },
});

declare module 'expect' {
  interface Matchers<R> {
    toSatisfy(predicate: (value: unknown) => boolean): R;
  }
}
