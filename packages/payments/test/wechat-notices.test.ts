import { describe, expect, test } from '@jest/globals';
import { signBody, signNotice, signResource } from '../src/providers/wechat/sign-for-tests.ts';
import { describeProvider } from './conformance.ts';
import { merchantKeys, PUBLIC_KEY_ID, webhookSettings as settings, signer } from './wechat-keys.ts';
import {
  now,
  paid,
  payment,
  refund,
  refundOf,
  seconds,
  transaction,
  verifier,
  verifierFor,
  verify,
} from './wechat-verifier.ts';

describeProvider({
  provider: 'wechat',
  verifier,
  sign: (notice) => signNotice(signer, notice),
  signWithOtherKey: (notice) => signNotice({ ...signer, platformPrivateKey: merchantKeys.privateKey }, notice),
  signBytes: (body) => signBody(signer, body, now),
  withoutSecret: () => verifierFor({ ...settings, platformKeys: [], apiV3Key: '' }),
  acknowledgement: { status: 200, body: '{"code":"SUCCESS"}' },
  kinds: ['paid', 'pending', 'refunded', 'refund_failed'],
});

describe('a payment notice of WeChat Pay', () => {
  test('says what was asked for, not what was left to pay after a coupon', () => {
    expect(verify(paid)).toEqual({
      provider: 'wechat',
      eventId: 'SUCCESS:4200001234202611210123456789',
      kind: 'paid',
      gatewayOrderId: 'REPORT_20261121_7K3M9QXA',
      providerPaymentId: '4200001234202611210123456789',
      refundId: null,
      amount: { minor: 1990, currency: 'CNY' },
      merchantMatches: true,
      problem: null,
      occurredAt: new Date('2026-11-21T11:59:58Z'),
    });
  });

  test('is the same event under another notice id, and however often it comes', () => {
    const again = signResource(signer, {
      eventType: 'TRANSACTION.SUCCESS',
      about: 'transaction',
      plain: transaction,
      at: seconds(15),
      id: 'EV-2',
    });
    expect(verify(again).eventId).toBe(verify(paid).eventId);
  });

  test.each([
    [{ mchid: '1900000002' }],
    [{ mchid: 1900000001 }],
    [{ mchid: undefined }],
    [{ appid: 'wx0000000000000000' }],
    [{ appid: undefined }],
    [{ appid: ['wx8888888888888888'] }],
  ])('with %j is not ours', (change) => {
    expect(verify(payment({ ...transaction, ...change })).merchantMatches).toBe(false);
  });

  test('may name any of our apps', () => {
    expect(verify(payment({ ...transaction, appid: 'wx7777777777777777' })).merchantMatches).toBe(true);
  });

  test.each([
    ['REFUND', 'pending'],
    ['NOTPAY', 'pending'],
    ['USERPAYING', 'pending'],
    ['ACCEPT', 'pending'],
    ['REVOKED', 'pending'],
    ['CLOSED', 'pending'],
    ['PAYERROR', 'pending'],
    ['success', 'pending'],
    ['toString', 'pending'],
    [undefined, 'pending'],
    [1, 'pending'],
  ])('in the state %j is %s', (trade_state, kind) => {
    expect(verify(payment({ ...transaction, trade_state })).kind).toBe(kind);
  });

  test.each([
    [{ total: '1990', currency: 'CNY' }, 'unreadable_amount'],
    [{ total: 19.9, currency: 'CNY' }, 'unreadable_amount'],
    [{ total: -1990, currency: 'CNY' }, 'unreadable_amount'],
    [{ total: 1e300, currency: 'CNY' }, 'unreadable_amount'],
    [{ currency: 'CNY' }, 'amount_missing'],
    [undefined, 'amount_missing'],
    [1990, 'amount_missing'],
    [{ total: 1990, currency: 'XAU' }, 'unknown_currency'],
    [{ total: 1990, currency: 'toString' }, 'unknown_currency'],
  ])('with the amount %j is kept with a problem, never taken as nothing said', (amount, problem) => {
    expect(verify(payment({ ...transaction, amount }))).toMatchObject({ kind: 'paid', amount: null, problem });
  });

  test('without a payment id is kept with a problem', () => {
    expect(verify(payment({ ...transaction, transaction_id: undefined })).problem).toBe('unreadable_payment_id');
  });

  test.each([
    ['a NUL', 'REPORT_20261121_7K3M9QXA\u0000'],
    ['a lone surrogate', 'REPORT_20261121_7K3M9QXA\ud800'],
    ['five thousand characters', `REPORT_20261121_7K3M9QXA${'x'.repeat(5000)}`],
  ])('with %s in the order number never becomes the order it looks like', (_, out_trade_no) => {
    const { gatewayOrderId } = verify(payment({ ...transaction, out_trade_no }));
    expect(gatewayOrderId).not.toBe(transaction.out_trade_no);
    expect(gatewayOrderId.isWellFormed()).toBe(true);
    expect(gatewayOrderId.length).toBeLessThanOrEqual(128);
  });

  test('of another product than payments ends nothing', () => {
    const other = payment({ mchid: settings.mchId, out_contract_code: 'c' }, 'PAYSCORE.USER_OPEN_SERVICE');
    expect(verify(other)).toMatchObject({ kind: 'pending', gatewayOrderId: '' });
  });

  test('is answered by the key id that signed it, whatever the order of the keys', () => {
    const turned = verifierFor({ ...settings, platformKeys: settings.platformKeys.toReversed() });
    expect(turned.verify(paid, now).providerPaymentId).toBe(transaction.transaction_id);
    expect(String(paid.headers['wechatpay-serial'])).toBe(PUBLIC_KEY_ID);
  });
});

describe('a refund notice of WeChat Pay', () => {
  test('names our refund, and the money of this one alone', () => {
    expect(verify(refundOf(refund))).toEqual({
      provider: 'wechat',
      eventId: 'refund:SUCCESS:50000000382019052709732678859',
      kind: 'refunded',
      gatewayOrderId: 'REPORT_20261121_7K3M9QXA',
      providerPaymentId: '4200001234202611210123456789',
      refundId: 'R7d1',
      amount: { minor: 990, currency: 'CNY' },
      merchantMatches: true,
      problem: null,
      occurredAt: new Date('2026-11-21T11:59:58Z'),
    });
  });

  test.each([
    ['SUCCESS', 'refunded'],
    ['ABNORMAL', 'refund_failed'],
    ['CLOSED', 'refund_failed'],
    ['PROCESSING', 'pending'],
    ['something new', 'pending'],
  ])('in the state %s is %s', (refund_status, kind) => {
    expect(verify(refundOf({ ...refund, refund_status }, `REFUND.${refund_status}`)).kind).toBe(kind);
  });

  test('that has no state of its own is never read as a payment', () => {
    expect(verify(refundOf({ ...transaction, out_refund_no: 'R7d1' })).kind).toBe('pending');
    expect(verify(payment({ ...transaction, refund_status: 'SUCCESS' })).kind).toBe('refunded');
  });

  test('of another merchant is not ours', () => {
    expect(verify(refundOf({ ...refund, mchid: '1900000002' })).merchantMatches).toBe(false);
    expect(verify(refundOf({ ...refund, appid: 'wx0000000000000000' })).merchantMatches).toBe(false);
  });

  test('without a readable id or amount is kept with a problem', () => {
    const unnamed = { ...refund, out_refund_no: undefined, refund_id: undefined };
    expect(verify(refundOf(unnamed)).problem).toBe('unreadable_refund_id');
    expect(verify(refundOf({ ...refund, amount: { total: 1990 } })).problem).toBe('amount_missing');
  });
});
