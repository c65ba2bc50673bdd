import { sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ForgedNotice, UnreadableNotice } from '../src/index.ts';
import { signForm, signNotice } from '../src/providers/alipay/sign-for-tests.ts';
import {
  alipay,
  now,
  posted,
  read,
  settings,
  signer,
  stranger,
  verifier,
  verifierFor,
  verify,
} from './alipay-verifier.ts';
import { describeProvider } from './conformance.ts';

describeProvider({
  provider: 'alipay',
  verifier,
  sign: (notice) => signNotice(signer, notice),
  signWithOtherKey: (notice) => signNotice({ ...signer, alipayPrivateKey: stranger.privateKey }, notice),
  withoutSecret: () => verifierFor({ ...settings, publicKeys: [] }),
  acknowledgement: { status: 200, body: 'success' },
  kinds: ['paid', 'expired', 'refunded'],
});

describe('a notice of Alipay', () => {
  const paid = {
    notify_id: 'N1',
    notify_type: 'trade_status_sync',
    notify_time: '2026-11-21 20:00:09',
    charset: 'utf-8',
    version: '1.0',
    app_id: settings.appId,
    seller_id: settings.sellerId,
    out_trade_no: 'REPORT_20261121_7K3M9QXA',
    trade_no: '2026112122001468450512505578',
    trade_status: 'TRADE_SUCCESS',
    total_amount: '19.90',
    gmt_payment: '2026-11-21 20:00:05',
  };
  const part = { ...paid, refund_fee: '5.00', gmt_refund: '2026-11-22 09:00:00.123', out_biz_no: 'R7d1' };

  test.each([
    ['TRADE_SUCCESS', 'paid'],
    ['TRADE_FINISHED', 'paid'],
    ['TRADE_CLOSED', 'expired'],
    ['WAIT_BUYER_PAY', 'pending'],
    ['trade_success', 'pending'],
    ['', 'pending'],
  ])('with the status %j and no refund says %s', (trade_status, kind) => {
    expect(read({ ...paid, trade_status })).toMatchObject({ kind, refundId: null, problem: null });
  });

  test.each(['TRADE_SUCCESS', 'TRADE_CLOSED', 'TRADE_FINISHED', 'WAIT_BUYER_PAY'])(
    'that tells of a refund is one with the status %s too, and never a payment',
    (trade_status) => {
      expect(read({ ...part, trade_status })).toMatchObject({
        kind: 'refunded',
        refundId: 'R7d1',
        amount: null,
        refundedTotal: { minor: 500, currency: 'CNY' },
        problem: null,
        occurredAt: new Date('2026-11-22T09:00:00.123+08:00'),
      });
    },
  );

  test('that names a time of refund alone is a refund with a problem', () => {
    expect(read({ ...paid, gmt_refund: part.gmt_refund })).toMatchObject({
      kind: 'refunded',
      refundedTotal: null,
      problem: 'amount_missing',
    });
  });

  test('that says that nothing was given back is neither a payment nor a refund', () => {
    expect(read({ ...paid, refund_fee: '0.00' })).toMatchObject({ kind: 'pending', problem: null });
  });

  test('of a refund made in the console has the number that it was given there', () => {
    expect(read({ ...part, out_biz_no: 'CONSOLE-1' }).refundId).toBe('CONSOLE-1');
    const { out_biz_no: _, ...without } = part;
    expect(read(without)).toMatchObject({ kind: 'refunded', refundId: null });
  });

  test('has an event id by its own id and its meaning', () => {
    const first = read(paid).eventId;
    expect(read({ ...paid, notify_time: '2026-11-21 20:04:09' }).eventId).toBe(first);
    const others = [
      read({ ...paid, notify_id: 'N2' }),
      read({ ...paid, trade_status: 'TRADE_FINISHED' }),
      read({ ...paid, trade_no: '1' }),
      read(part),
      read({ ...part, out_biz_no: 'R2' }),
    ].map(({ eventId }) => eventId);
    expect(new Set([first, ...others]).size).toBe(6);
  });

  test('without an id of its own has one by what it says', () => {
    const { notify_id: _, ...without } = paid;
    expect(read(without).eventId).toBe('TRADE_SUCCESS:2026112122001468450512505578');
  });

  test.each([
    ['0.01', 1],
    ['19.9', 1990],
    ['20', 2000],
    ['100000000.00', 10_000_000_000],
  ])('says an amount of %s', (total_amount, minor) => {
    expect(read({ ...paid, total_amount })).toMatchObject({ amount: { minor, currency: 'CNY' }, problem: null });
  });

  test.each([
    ['19.905', 'unreadable_amount'],
    ['-19.90', 'unreadable_amount'],
    ['1.99e1', 'unreadable_amount'],
    ['19,90', 'unreadable_amount'],
    [' 19.90', 'unreadable_amount'],
    ['１９.９０', 'unreadable_amount'],
    ['', 'amount_missing'],
  ])('with an amount of %j is kept with a problem, never taken as nothing said', (total_amount, problem) => {
    expect(read({ ...paid, total_amount })).toMatchObject({ kind: 'paid', amount: null, problem });
  });

  test('of a trade that waits has a problem only with an amount that it names', () => {
    const waiting = { ...paid, trade_status: 'WAIT_BUYER_PAY' };
    expect(read({ ...waiting, total_amount: '' })).toMatchObject({ kind: 'pending', problem: null });
    expect(read({ ...waiting, total_amount: '19,90' })).toMatchObject({ problem: 'unreadable_amount' });
  });

  test('in a currency other than yuan names it, or has a problem', () => {
    expect(read({ ...paid, trans_currency: 'USD' }).amount).toEqual({ minor: 1990, currency: 'USD' });
    expect(read({ ...paid, trans_currency: 'XAU' })).toMatchObject({ amount: null, problem: 'unknown_currency' });
  });

  test('compares the amount that was asked for, whatever discount the buyer had', () => {
    expect(read({ ...paid, receipt_amount: '18.00', buyer_pay_amount: '15.00' }).amount?.minor).toBe(1990);
  });

  test.each([
    ['ours', {}, true],
    ['another app', { app_id: '2021000000000000' }, false],
    ['no app', { app_id: '' }, false],
    ['another seller', { seller_id: '2088000000000000' }, false],
    ['a seller that is not named', { seller_id: '' }, true],
  ])('for %s matches: %s', (_, changes, matches) => {
    expect(read({ ...paid, ...changes }).merchantMatches).toBe(matches);
  });

  test('for any seller matches where none is set', () => {
    const anySeller = verifierFor({ ...settings, sellerId: null });
    const notice = signForm(alipay.privateKey, { ...paid, seller_id: '2088000000000000' });
    expect(anySeller.verify(notice, now).merchantMatches).toBe(true);
  });

  test('that tells of something else than a trade is kept with a problem', () => {
    expect(read({ ...paid, notify_type: 'dut_user_sign' })).toMatchObject({
      kind: 'pending',
      problem: 'unknown_notice_type',
    });
  });

  test('of a payment without its number is kept with a problem', () => {
    const { trade_no: _, ...without } = paid;
    expect(read(without)).toMatchObject({ providerPaymentId: null, problem: 'unreadable_payment_id' });
  });

  test('may hold percent signs, plus signs, ampersands and words in Chinese', () => {
    const subject = '八字 100% + 1 = 2 & more %E5';
    expect(read({ ...paid, subject, passback_params: 'a%3D1' }).kind).toBe('paid');
  });

  test.each(['GBK', 'gb2312', 'iso-8859-1'])('in %s is refused in plain words', (charset) => {
    expect(() => read({ ...paid, charset })).toThrow(`written in ${charset}, and only utf-8`);
    const notice = signForm(alipay.privateKey, paid);
    const inHeader = { 'content-type': `application/x-www-form-urlencoded;charset=${charset}` };
    expect(() => verify({ ...notice, headers: inHeader })).toThrow(UnreadableNotice);
  });

  test.each(['UTF-8', 'utf8', '"utf-8"'])('in %s is the same charset', (charset) => {
    const notice = signForm(alipay.privateKey, paid);
    const headers = { 'content-type': `application/x-www-form-urlencoded; charset=${charset}` };
    expect(verify({ ...notice, headers }).kind).toBe('paid');
  });

  test('signed with SHA-1 is refused, whatever it says of itself', () => {
    const fields = new URLSearchParams(signForm(alipay.privateKey, paid).body.toString());
    const content = [...fields].filter(([name]) => !name.startsWith('sign')).sort(([a], [b]) => (a < b ? -1 : 1));
    const text = content.map(([name, value]) => `${name}=${value}`).join('&');
    fields.set('sign', sign('sha1', Buffer.from(text), alipay.privateKey).toString('base64'));
    for (const signType of ['RSA2', 'RSA', 'rsa2', '']) {
      fields.set('sign_type', signType);
      expect(() => verify(posted(fields.toString()))).toThrow(ForgedNotice);
    }
  });

  test.each([
    ['JSON', JSON.stringify(paid)],
    ['XML', '<xml><out_trade_no>1</out_trade_no></xml>'],
    ['nothing', ''],
  ])('that is %s is refused', (_, body) => {
    expect(() => verify(posted(body))).toThrow('the field sign is missing');
  });

  test('with a strange order number never becomes the order it looks like', () => {
    for (const end of ['\u0000', '\n', 'x'.repeat(5000)]) {
      const { gatewayOrderId } = read({ ...paid, out_trade_no: `${paid.out_trade_no}${end}` });
      expect(gatewayOrderId).not.toBe(paid.out_trade_no);
      expect(gatewayOrderId.length).toBeLessThanOrEqual(128);
    }
  });
});
