import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { GatewayRefused, GatewayUnreachable, type PaymentClient } from '../src/index.ts';
import { amount, FakeAlipay, no, ok, order, payment, refund, refundReference, trade } from './alipay-gateway.ts';

let gateway: FakeAlipay;
let client: PaymentClient;

beforeEach(async () => {
  gateway = new FakeAlipay();
  await gateway.open();
  client = gateway.client();
});
afterEach(() => gateway.close());

describe('a question about a payment', () => {
  const query = () => client.queryPayment(payment);

  test('is answered in our words', async () => {
    gateway.replies.push({ part: trade });
    expect(await query()).toEqual({
      status: 'paid',
      providerStatus: 'TRADE_SUCCESS',
      providerPaymentId: '2026112122001',
      amount,
      paidAt: new Date('2026-11-21T12:00:05Z'),
    });
    expect(gateway.seen[0]?.fields.get('method')).toBe('alipay.trade.query');
    expect(gateway.seen[0]?.business).toEqual({ out_trade_no: order });
  });

  test.each([
    ['TRADE_FINISHED', {}, 'paid'],
    ['WAIT_BUYER_PAY', { send_pay_date: undefined }, 'pending'],
    ['TRADE_CLOSED', { send_pay_date: undefined }, 'closed'],
    ['TRADE_CLOSED', {}, 'paid'],
    ['TRADE_CLOSED', { send_pay_date: undefined, refund_fee: '19.90' }, 'paid'],
    ['TRADE_UNDER_REVIEW', {}, 'unknown'],
  ])('of a trade that is %s %j says %s', async (trade_status, changes, status) => {
    gateway.replies.push({ part: { ...trade, trade_status, ...changes } });
    expect(await query()).toMatchObject({ status, providerStatus: trade_status });
  });

  test.each([
    ['TRADE_CLOSED', true],
    ['TRADE_SUCCESS', undefined],
  ])('of a trade that is %s and was paid says whether all of it went back: %s', async (trade_status, givenBack) => {
    gateway.replies.push({ part: { ...trade, trade_status, refund_fee: '5.00' } });
    expect((await query()).givenBack).toBe(givenBack);
  });

  test('of a trade that nobody opened yet says that it waits', async () => {
    gateway.replies.push(no('ACQ.TRADE_NOT_EXIST'));
    expect(await query()).toEqual({
      status: 'pending',
      providerStatus: 'ACQ.TRADE_NOT_EXIST',
      providerPaymentId: null,
      amount: null,
      paidAt: null,
    });
  });

  test('that is answered about another amount passes it on, for the order to be compared with', async () => {
    gateway.replies.push({ part: { ...trade, total_amount: '0.01' } });
    expect((await query()).amount).toEqual({ minor: 1, currency: 'CNY' });
  });

  test.each<[string, Record<string, unknown>]>([
    ['another order', { out_trade_no: 'OTHER' }],
    ['no order', { out_trade_no: undefined }],
    ['no status', { trade_status: undefined }],
    ['a number for text', { total_amount: 19.9 }],
  ])('that is answered with %s has no answer', async (_, changes) => {
    gateway.replies.push({ part: { ...trade, ...changes } });
    await expect(query()).rejects.toThrow(GatewayUnreachable);
  });
});

describe('closing a payment', () => {
  const close = () => client.closePayment?.(payment);

  test('names its order', async () => {
    gateway.replies.push({ part: { ...ok, out_trade_no: order, trade_no: '1' } });
    await close();
    expect(gateway.seen[0]?.fields.get('method')).toBe('alipay.trade.close');
    expect(gateway.seen[0]?.business).toEqual({ out_trade_no: order });
  });

  test('that was never opened is done', async () => {
    gateway.replies.push(no('ACQ.TRADE_NOT_EXIST'));
    await close();
  });

  test.each(['ACQ.TRADE_STATUS_ERROR', 'ACQ.REASON_TRADE_STATUS_INVALID'])(
    'refused with %s asks how it ended',
    async (code) => {
      const waiting = { ...trade, send_pay_date: undefined };
      gateway.replies.push(no(code), { part: { ...waiting, trade_status: 'TRADE_CLOSED' } });
      await close();
      gateway.replies.push(no(code), { part: trade });
      await expect(close()).rejects.toThrow('it is paid already');
      gateway.replies.push(no(code), { part: { ...waiting, trade_status: 'WAIT_BUYER_PAY' } });
      await expect(close()).rejects.toThrow(GatewayUnreachable);
    },
  );
});

describe('giving money back', () => {
  const give = () => client.refund?.(refund);
  const given = { ...ok, out_trade_no: order, trade_no: '1', refund_fee: '19.90', fund_change: 'Y' };

  test('names order, amount and our own refund id; what went back before is no part of the answer', async () => {
    gateway.replies.push({ part: given });
    expect(await give()).toMatchObject({ status: 'succeeded', providerStatus: 'fund_change=Y' });
    expect(gateway.seen[0]?.fields.get('method')).toBe('alipay.trade.refund');
    expect(gateway.seen[0]?.business).toEqual({
      out_trade_no: order,
      refund_amount: '5.00',
      out_request_no: 'R7d1',
      refund_reason: 'failed',
    });
  });

  test.each(['N', undefined])('with fund_change %s is not failed: it is asked about later', async (fund_change) => {
    gateway.replies.push({ part: { ...given, fund_change } });
    expect(await give()).toMatchObject({ status: 'pending' });
  });

  test.each([
    ['ACQ.SELLER_BALANCE_NOT_ENOUGH', 'Top up'],
    ['ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', 'More than what is left'],
    ['ACQ.TRADE_HAS_FINISHED', 'by hand'],
    ['ACQ.TRADE_NOT_ALLOW_REFUND', 'takes no refund'],
    ['ACQ.TRADE_NOT_EXIST', 'console'],
    ['ACQ.DISCORDANT_REPEAT_REQUEST', 'another amount'],
  ])('refused with %s says what to do', async (code, hint) => {
    gateway.replies.push(no(code));
    const refusal = await give()?.catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(GatewayRefused);
    expect(refusal).toMatchObject({
      message: expect.stringContaining(`40004 ${code}`),
      hint: expect.stringContaining(hint),
    });
  });

  test.each([
    ['ACQ.SYSTEM_ERROR', '40004'],
    ['aop.ACQ.SYSTEM_ERROR', '20000'],
    ['isp.unknow-error', '20000'],
    ['', '10003'],
    ['isv.app-call-limited', '40005'],
  ])('answered with %j %s may have been done', async (code, main) => {
    gateway.replies.push(no(code, main));
    await expect(give()).rejects.toThrow(GatewayUnreachable);
  });

  test('of a closed trade asks whether it was this very refund that closed it', async () => {
    const succeeded = { ...ok, out_trade_no: order, out_request_no: 'R7d1', refund_status: 'REFUND_SUCCESS' };
    gateway.replies.push(no('ACQ.TRADE_HAS_CLOSE'), { part: succeeded });
    expect(await give()).toMatchObject({ status: 'succeeded' });
    gateway.replies.push(no('ACQ.TRADE_HAS_CLOSE'), { part: ok });
    await expect(give()).rejects.toThrow(GatewayRefused);
  });

  test('is not ended by a no that nobody signed', async () => {
    gateway.replies.push({ text: '{"error_response":{"code":"40002","sub_code":"isv.invalid-app-id"}}' });
    await expect(give()).rejects.toThrow(GatewayUnreachable);
  });
});

describe('a question about a refund', () => {
  const query = () => client.queryRefund?.(refundReference);
  const named = { ...ok, out_trade_no: order, out_request_no: 'R7d1' };

  test.each([
    ['REFUND_SUCCESS', { refund_status: 'REFUND_SUCCESS', refund_amount: '5.00' }, 'succeeded'],
    ['an amount and no status', { refund_amount: '5.00' }, 'succeeded'],
    ['nothing', {}, 'unknown'],
    ['another word', { refund_status: 'REFUND_PROCESSING', refund_amount: '5.00' }, 'unknown'],
  ])('that is answered with %s says %s', async (_, changes, status) => {
    gateway.replies.push({ part: { ...named, ...changes } });
    expect(await query()).toMatchObject({ status });
    expect(gateway.seen[0]?.fields.get('method')).toBe('alipay.trade.fastpay.refund.query');
    expect(gateway.seen[0]?.business).toEqual({ out_trade_no: order, out_request_no: 'R7d1' });
  });

  test('of a trade that is not known proves nothing', async () => {
    gateway.replies.push(no('ACQ.TRADE_NOT_EXIST'));
    expect(await query()).toMatchObject({ status: 'unknown' });
  });

  test.each([{ out_request_no: 'OTHER' }, { out_trade_no: 'OTHER' }])(
    'answered about %j has no answer',
    async (other) => {
      gateway.replies.push({ part: { ...named, refund_status: 'REFUND_SUCCESS', ...other } });
      await expect(query()).rejects.toThrow(GatewayUnreachable);
    },
  );
});
