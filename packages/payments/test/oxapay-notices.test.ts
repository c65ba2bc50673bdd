import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { ForgedNotice, type PaymentNotice, type RawNotice, UnreadableNotice } from '../src/index.ts';
import { signBody, signNotice } from '../src/providers/oxapay/sign-for-tests.ts';
import { createVerifiers } from '../src/verifiers.ts';
import { describeProvider } from './conformance.ts';

const settings = { secretKey: 'OXA-MERCHANT-KEY' };
const now = new Date('2026-11-21T12:00:00Z');

function verifierFor(wanted: typeof settings) {
  const verifier = createVerifiers(new Map([['oxapay', wanted]])).get('oxapay');
  if (!verifier) throw new Error('there is no verifier for oxapay');
  return verifier;
}
const verifier = verifierFor(settings);
const verify = (notice: RawNotice): PaymentNotice => verifier.verify(notice, now);
const read = (fields: unknown): PaymentNotice =>
  verify(signBody(settings, typeof fields === 'string' ? fields : JSON.stringify(fields)));

describeProvider({
  provider: 'oxapay',
  verifier,
  sign: (notice) => signNotice(settings, notice),
  signWithOtherKey: (notice) => signNotice({ secretKey: 'ANOTHER-KEY' }, notice),
  signBytes: (body) => signBody(settings, body),
  withoutSecret: () => verifierFor({ secretKey: '' }),
  acknowledgement: { status: 200, body: 'ok' },
  // Refunds have no id of ours at OxaPay, see below.
  kinds: ['paid', 'failed', 'expired', 'processing'],
});

const { vectors } = z
  .object({
    vectors: z.array(
      z.object({ id: z.string(), key: z.string(), body_base64: z.string(), hmac_sha512_hex: z.string() }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'vectors/oxapay.json'), 'utf8')));

function published(id: string): { key: string; notice: RawNotice } {
  const vector = vectors.find((each) => each.id === id);
  if (!vector) throw new Error(`there is no vector ${id}`);
  const body = Buffer.from(vector.body_base64, 'base64');
  return { key: vector.key, notice: { headers: { hmac: vector.hmac_sha512_hex }, body } };
}

describe('the signature of OxaPay', () => {
  const { key, notice } = published('oxapay-invoice');
  const judge = verifierFor({ secretKey: key });
  const hex = String(notice.headers.hmac);

  test('of the published invoice is right under the published merchant key', () => {
    // It says "Paid" and nothing else, so there is nothing to book.
    expect(judge.verify(notice, now)).toMatchObject({ kind: 'paid', amount: null, problem: 'amount_missing' });
  });

  test('is taken in upper case', () => {
    expect(judge.verify({ ...notice, headers: { hmac: hex.toUpperCase() } }, now).kind).toBe('paid');
  });

  test('of the published payout is wrong under the merchant key', () => {
    expect(() => judge.verify(published('oxapay-payout').notice, now)).toThrow(ForgedNotice);
  });

  test('of a payout is refused even where its own key signed it, or ours did', () => {
    const payout = published('oxapay-payout');
    expect(() => verifierFor({ secretKey: payout.key }).verify(payout.notice, now)).toThrow('payout');
    expect(() => read({ type: 'Payout', status: 'Confirmed', track_id: '1' })).toThrow(ForgedNotice);
  });

  test.each([
    ['one character short', hex.slice(1)],
    ['one character long', `${hex}0`],
    ['of SHA-256 length', hex.slice(0, 64)],
    ['no hex', 'g'.repeat(128)],
    ['empty', ''],
    ['twice in one header', `${hex}, ${hex}`],
    ['in two headers', [hex, hex]],
    ['missing', undefined],
  ])('that is %s is refused', (_, hmac) => {
    expect(() => judge.verify({ ...notice, headers: { hmac } }, now)).toThrow(ForgedNotice);
  });

  test('is wanted over the bytes: the same JSON written anew is refused', () => {
    const text = '{"track_id":"1","status":"paid","amount":9.90,"currency":"USDT","order_id":"T\\/1"}';
    const { headers } = signBody(settings, text);
    const anew = Buffer.from(JSON.stringify(JSON.parse(text)));
    expect(read(text)).toMatchObject({ gatewayOrderId: 'T/1', amount: { minor: 9_900_000 } });
    expect(() => verify({ headers, body: anew })).toThrow(ForgedNotice);
    expect(() => verify({ headers, body: Buffer.from(`\ufeff${text}`) })).toThrow(ForgedNotice);
  });
});

const order = 'REPORT_20261121_7K3M9QXA';
const asked = { track_id: '184747701', type: 'invoice', order_id: order, amount: 2.77, currency: 'USDT' };
const usdt = (minor: number) => ({ minor, currency: 'USDT' });
const tx = { status: 'confirmed', tx_hash: '0x1', currency: 'USDT', network: 'Tron', date: 1795262400 };

describe('a status of OxaPay', () => {
  test.each([
    ['new', 'pending'],
    ['Waiting', 'pending'],
    ['Paying', 'processing'],
    ['paying', 'processing'],
    ['Confirming', 'processing'],
    ['Paid', 'paid'],
    ['paid', 'paid'],
    ['PAID', 'paid'],
    ['manual_accept', 'paid'],
    ['refunding', 'pending'],
    ['refunded', 'refunded'],
    ['expired', 'expired'],
    ['Expired', 'expired'],
    ['Failed', 'failed'],
    ['toString', 'pending'],
    ['', 'pending'],
  ])('%j is %s', (status, kind) => {
    expect(read({ ...asked, status })).toMatchObject({ kind, problem: null, gatewayOrderId: order });
  });

  test('makes the event id together with the track id, in lower case', () => {
    expect(read({ ...asked, status: 'Paid' }).eventId).toBe('184747701:paid');
    expect(read({ ...asked, status: 'paid' }).eventId).toBe('184747701:paid');
    expect(read({ ...asked, status: 'Paying' }).eventId).toBe('184747701:paying');
  });

  test('of a refund names the payment, all of which went back', () => {
    expect(read({ ...asked, status: 'Refunded', sent_value: 2.77 })).toMatchObject({
      kind: 'refunded',
      refundId: '184747701',
      amount: null,
      refundedTotal: usdt(2_770_000),
    });
  });
});

describe('the money in a notice of OxaPay', () => {
  test.each([
    ['the very sum', 2.77, 2_770_000],
    ['a cent of rounding less', 2.76, 2_770_000],
    ['a cent of rounding more', 2.78, 2_770_000],
    ['too little', 2.5, 2_500_000],
    ['too much', 3.5, 3_500_000],
  ])('that was paid with %s is what was received', (_, sent_value, minor) => {
    expect(read({ ...asked, status: 'Paid', sent_value })).toMatchObject({ amount: usdt(minor), problem: null });
  });

  test('is counted from the transactions where they show too much', () => {
    const txs = [
      { ...tx, sent_amount: 2.77 },
      { ...tx, sent_amount: 2.77 },
    ];
    expect(read({ ...asked, status: 'Paid', txs }).amount).toEqual(usdt(5_540_000));
    expect(read({ ...asked, status: 'Paid', txs: [{ ...tx, received_amount: 2.7 }] }).amount).toEqual(usdt(2_770_000));
  });

  test('that the merchant accepted by hand counts as the whole, whatever came', () => {
    expect(read({ ...asked, status: 'manual_accept', sent_value: 1 }).amount).toEqual(usdt(2_770_000));
  });

  test('of an underpaid invoice is what came, so that it fits no order', () => {
    expect(read({ ...asked, status: 'underpaid', sent_value: 1.2 })).toMatchObject({
      kind: 'paid',
      amount: usdt(1_200_000),
      problem: null,
    });
    const txs = [
      { ...tx, sent_amount: 0.5 },
      { ...tx, value: 0.25, currency: 'TRX' },
      { ...tx, status: 'failed' },
    ];
    expect(read({ ...asked, status: 'Underpaid', txs }).amount).toEqual(usdt(750_000));
  });

  test('of an underpaid invoice that names no sum, or the whole, is never taken for the whole', () => {
    expect(read({ ...asked, status: 'underpaid' })).toMatchObject({ kind: 'paid', problem: 'amount_missing' });
    expect(read({ ...asked, status: 'underpaid', sent_value: 2.77 })).toMatchObject({
      kind: 'paid',
      problem: 'amount_mismatch',
    });
  });

  test('that came too late is not lost: an expired invoice with money is paid with what came', () => {
    const late = { ...asked, status: 'Expired' };
    expect(read({ ...late, txs: [{ ...tx, sent_amount: 2.77 }] })).toMatchObject({
      kind: 'paid',
      amount: usdt(2_770_000),
    });
    expect(read({ ...late, sent_value: 1 })).toMatchObject({ kind: 'paid', amount: usdt(1_000_000) });
    expect(read({ ...late, txs: [{ ...tx, currency: 'BTC', sent_amount: 0.1 }] })).toMatchObject({
      kind: 'paid',
      problem: 'amount_missing',
    });
  });

  test('that came too late and is not in the chain for good yet is waited for', () => {
    const txs = [{ ...tx, status: 'confirming', sent_amount: 2.77 }];
    expect(read({ ...asked, status: 'expired', txs }).kind).toBe('processing');
    expect(read({ ...asked, status: 'expired', txs: [{ ...tx, status: 'failed' }] }).kind).toBe('expired');
  });

  test.each([
    ['2.770000', 2_770_000],
    ['2.77', 2_770_000],
    ['3', 3_000_000],
    ['4503599627.370497', 4_503_599_627_370_497],
    ['9007199254.740991', 9_007_199_254_740_991],
  ])('written as %s is read from that text, never through a float', (text, minor) => {
    const body = `{"track_id":"1","status":"Waiting","order_id":"T1","currency":"usdt","amount":${text}}`;
    expect(read(body)).toMatchObject({ amount: usdt(minor), problem: null });
  });

  test('has the part cents of a coin cut off where it was received', () => {
    const body =
      '{"track_id":"1","status":"underpaid","order_id":"T1","currency":"USDT","amount":5,"sent_value":1.99999999}';
    expect(read(body).amount).toEqual(usdt(1_999_999));
  });

  test.each([
    [{ amount: undefined }, 'amount_missing'],
    [{ amount: '2,77' }, 'unreadable_amount'],
    [{ amount: -2.77 }, 'unreadable_amount'],
    [{ amount: 1e-7 }, 'unreadable_amount'],
    [{ amount: { value: 2 } }, 'unreadable_amount'],
    [{ currency: 'DOGE' }, 'unknown_currency'],
    [{ currency: undefined }, 'unknown_currency'],
    [{ track_id: ['1'] }, 'unreadable_payment_id'],
  ])('or its name, with %j, is kept with a problem', (change, problem) => {
    expect(read({ ...asked, status: 'Paid', ...change })).toMatchObject({ kind: 'paid', problem });
  });
});

describe('a notice of the legacy API of OxaPay', () => {
  const legacy = {
    status: 'Paid',
    trackId: 12345678901234,
    type: 'payment',
    amount: '2.77',
    currency: 'USDT',
    price: '2.77',
    payAmount: '9.81',
    payCurrency: 'TRX',
    orderId: order,
    txID: '',
    date: '1795262000',
    payDate: '1795262400',
  };

  test('is read by its own field names', () => {
    expect(read(legacy)).toMatchObject({
      kind: 'paid',
      eventId: '12345678901234:paid',
      gatewayOrderId: order,
      providerPaymentId: '12345678901234',
      amount: usdt(2_770_000),
      problem: null,
    });
  });

  test('that expired with a transaction holds money of which nobody knows how much', () => {
    expect(read({ ...legacy, status: 'Expired' }).kind).toBe('expired');
    expect(read({ ...legacy, status: 'Expired', txID: '0xabc' })).toMatchObject({
      kind: 'paid',
      problem: 'amount_missing',
    });
  });

  test('keeps every digit of a track id that no float could hold', () => {
    const body = JSON.stringify({ ...legacy, trackId: 0 }).replace('"trackId":0', '"trackId":90071992547409931');
    expect(read(body).providerPaymentId).toBe('90071992547409931');
  });
});

describe('a signed body of OxaPay', () => {
  test.each(['', '[]', 'null', '"paid"', '{', 'track_id=1&status=paid'])('of %j is unreadable', (body) => {
    expect(() => read(body)).toThrow(UnreadableNotice);
  });

  test('may lie beside thirty thousand brackets', () => {
    const deep = `{"order_id":"T1","track_id":"1","status":"new","amount":1,"currency":"USDT","x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`;
    expect(read(deep)).toMatchObject({ gatewayOrderId: 'T1', amount: usdt(1_000_000) });
  });

  test('counts as written last where a field came twice', () => {
    expect(read('{"order_id":"T1","order_id":"T2","status":"new","amount":1,"currency":"USDT"}').gatewayOrderId).toBe(
      'T2',
    );
  });

  test('with a control character in the order number never becomes the order it looks like', () => {
    expect(read({ ...asked, status: 'Paid', order_id: `${order}\u0000` }).gatewayOrderId).not.toBe(order);
  });
});
