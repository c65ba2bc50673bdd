import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { Router } from 'express';
import type { Stand, TillEvent } from '../src/gateways/contract.ts';
import { keepGatewayKeys, sandboxKeysOf } from '../src/gateways/keys.ts';
import { readableAmount } from '../src/gateways/till/amount.ts';
import { type GatewayFaults, noGatewayFaults, takeOne } from '../src/gateways/till/faults.ts';
import { Ledger, type Payment } from '../src/gateways/till/ledger.ts';
import { type Notice, NoticeSender } from '../src/gateways/till/notices.ts';
import { Till } from '../src/gateways/till/till.ts';
import { eventually, listener } from './harness.ts';

const log = createLogger({ process: 'sandbox', level: 'silent' });
let shop: Awaited<ReturnType<typeof listener>>;
let answer = 200;
let faults: GatewayFaults;
let till: Till;
let events: TillEvent['kind'][];
let number = 0;

beforeAll(async () => {
  shop = await listener(() => answer);
});
afterAll(() => shop.close());

/** A gateway that signs the time of each try and tells everything. */
function open(refundMs = 0): Till {
  const ledger = new Ledger({
    payment: () => `pay-${++number}`,
    charge: () => `charge-${++number}`,
    refund: () => `refund-${++number}`,
    dispute: () => `dispute-${++number}`,
  });
  const sender = new NoticeSender({
    retryMs: [20, 20],
    timeoutMs: 2_000,
    accepts: ({ status, body }) => status === 200 && body === 'OK',
    faults: {
      read: () => faults.notices,
      takeLost: () => takeOne(faults.notices, 'lose'),
      takeCorrupt: () => takeOne(faults.notices, 'corrupt'),
      takeStale: () => takeOne(faults.notices, 'stale'),
    },
    log,
    onChange: () => ledger.changed(),
  });
  const stand: Stand = {
    routes: Router(),
    notices: (event) => {
      events.push(event.kind);
      return [noticeOf(event)];
    },
  };
  return new Till({ ledger, sender, faults: () => faults, refundMs, stand: () => stand, log });
}

function noticeOf({ kind, payment }: TillEvent): Notice {
  const body = { kind, order: payment.orderId, cents: 1990 };
  return {
    url: payment.notifyUrl,
    orderId: payment.orderId,
    says: kind,
    body,
    sign: (at) => ({ headers: { 'x-signed-at': at.toISOString() }, body: JSON.stringify(body) }),
  };
}

function payment(more: Partial<Parameters<Ledger['create']>[0]> = {}): Payment {
  return till.ledger.create({
    orderId: `ORDER-${++number}`,
    amount: { minor: 1990, currency: 'CNY' },
    notifyUrl: shop.url,
    expiresAt: Date.now() + 60_000,
    ...more,
  });
}

beforeEach(() => {
  shop.heard.length = 0;
  events = [];
  answer = 200;
  faults = structuredClone(noGatewayFaults);
  till = open();
});
afterEach(() => till.stop());

describe('buyers', () => {
  test.each([
    ['pay', [1990, 'CNY']],
    ['pay-wrong-amount', [995, 'CNY']],
    ['pay-too-much', [2985, 'CNY']],
    ['pay-other-currency', [1990, 'HKD']],
  ])('who choose %s bring in that much', async (action, [minor, currency]) => {
    const made = payment();
    await till.act(made.orderId, action as string);
    expect(made.charges).toMatchObject([{ amount: { minor, currency } }]);
    expect(made.status).toBe('paid');
  });

  test('of USDT who pay another currency pay the same figure, not a million times it', async () => {
    const made = payment({ amount: { minor: 2_760_000, currency: 'USDT' } });
    await till.act(made.orderId, 'pay-other-currency');
    expect(made.charges).toMatchObject([{ amount: { minor: 276, currency: 'HKD' } }]);
  });

  test('may do nothing with a closed payment but pay late', async () => {
    const made = payment();
    till.close(made);
    for (const action of ['pay', 'fail', 'pay-twice', 'pay-wrong-amount', 'pay-too-much', 'pay-other-currency'])
      await expect(till.act(made.orderId, action)).rejects.toMatchObject({ status: 409 });
    await till.act(made.orderId, 'pay-late');
    expect(made.status).toBe('paid');
  });

  test('whose money was seen pay only what is missing', async () => {
    const made = payment();
    await till.see(made, { minor: 990, currency: 'CNY' });
    expect(made.status).toBe('processing');
    await till.act(made.orderId, 'pay');
    expect(made.charges.map(({ amount }) => amount.minor)).toEqual([990, 1000]);
    expect(events).toEqual(['processing', 'paid']);
  });

  test('of a payment whose money was seen are not cut off by its end', async () => {
    const made = payment({ expiresAt: Date.now() - 1 });
    await till.see(made);
    await till.sweep(Date.now());
    expect(made.status).toBe('processing');
  });
});

test('a payment whose time is over closes, is told, and takes the money of who waited for that', async () => {
  const made = payment({ expiresAt: Date.now() - 1 });
  made.payLate = true;
  await till.sweep(Date.now());
  expect(events).toEqual(['closed', 'paid']);
});

describe('refunds', () => {
  test('in the console give back what is left of the charge, or a part, and are told', async () => {
    const made = payment();
    await till.pay(made);
    const part = await till.refundInConsole(made.orderId, 500);
    expect(part).toMatchObject({ madeIn: 'console', amount: { minor: 500 }, status: 'succeeded' });
    expect(part.refundId).toBe(part.gatewayRefundId);
    expect(await till.refundInConsole(made.orderId)).toMatchObject({ amount: { minor: 1490 } });
    await expect(till.refundInConsole(made.orderId)).rejects.toMatchObject({ code: 'amount_exceeds_paid' });
    expect(events).toEqual(['paid', 'refund', 'refund']);
  });

  test('of one charge never touch the other one', async () => {
    const made = payment();
    const first = await till.pay(made);
    await till.pay(made);
    const wanted = { refundId: 'r1', amount: { minor: 2000, currency: 'CNY' }, chargeId: first.paymentId } as const;
    expect(() => till.refund(made, wanted)).toThrow('no more than was paid');
    expect(
      till.refund(made, { ...wanted, chargeId: made.charges[1]?.paymentId ?? '', amount: made.amount }),
    ).toMatchObject({
      created: true,
    });
  });

  test('that take their time are pending first, and succeed by themselves', async () => {
    till = open(30);
    const made = payment();
    await till.pay(made);
    const { refund } = till.refund(made, { refundId: 'r1', amount: made.amount });
    expect(refund.status).toBe('pending');
    await eventually(() => refund.status === 'succeeded');
    expect(till.refund(made, { refundId: 'r1', amount: made.amount })).toMatchObject({ refund, created: false });
  });
});

test('a dispute is of the last charge, and is settled once', async () => {
  const made = payment();
  await expect(till.dispute(made.orderId)).rejects.toMatchObject({ code: 'not_paid' });
  await till.pay(made);
  const { disputeId } = await till.dispute(made.orderId);
  await till.settleDispute(disputeId, 'lost');
  await expect(till.settleDispute(disputeId, 'won')).rejects.toMatchObject({ code: 'not_open' });
  expect(events).toEqual(['paid', 'dispute', 'dispute']);
});

describe('notices', () => {
  const bodies = () => shop.heard.map(({ body }) => body);
  const ages = () => shop.heard.map(({ headers }) => Date.now() - Date.parse(String(headers['x-signed-at'])));

  test('with a changed byte are as long and as readable as signed, and the next try is right', async () => {
    faults.notices.corrupt = 1;
    answer = 401;
    await till.pay(payment());
    answer = 200;
    await eventually(() => shop.heard.length === 2);
    const [broken = '', whole = ''] = bodies();
    expect(JSON.parse(broken)).not.toEqual(JSON.parse(whole));
    expect(broken).toHaveLength(whole.length);
  });

  test('can be signed a day ago, as a replay is', async () => {
    faults.notices.stale = 1;
    answer = 400;
    await till.pay(payment());
    await eventually(() => shop.heard.length >= 2);
    const [first = 0, second = 0] = ages();
    expect(first).toBeGreaterThan(23 * 3_600_000);
    expect(second).toBeLessThan(60_000);
  });

  test('that leave late are overtaken by what happens meanwhile', async () => {
    const made = payment();
    faults.notices.lateMs = 60;
    await till.pay(made);
    expect(till.sender.deliveries).toMatchObject([{ state: 'waiting' }]);
    faults.notices.lateMs = 0;
    await till.refundInConsole(made.orderId);
    await eventually(() => shop.heard.length === 2);
    expect(bodies().map((body) => JSON.parse(body).kind)).toEqual(['refund', 'paid']);
  });

  test('are taken only by the answer that the gateway wants, and given up after the last try', async () => {
    answer = 204;
    await till.pay(payment());
    await eventually(() => till.sender.deliveries[0]?.state === 'given up');
    expect(till.sender.deliveries[0]?.answers).toEqual([204, 204, 204]);
  });

  test('can be sent once more from the console', async () => {
    await till.pay(payment());
    expect(await till.sender.again(till.sender.deliveries[0]?.id ?? 0)).toBe(true);
    expect(new Set(bodies()).size).toBe(1);
    expect(shop.heard).toHaveLength(2);
    expect(await till.sender.again(4711)).toBe(false);
  });
});

test.each([
  [{ minor: 2_760_000, currency: 'USDT' }, '2.76'],
  [{ minor: 2_767_500, currency: 'USDT' }, '2.7675'],
  [{ minor: 1_000, currency: 'CNY' }, '10.00'],
  [{ minor: 100, currency: 'JPY' }, '100'],
] as const)('people read %j as %s', (amount, text) => {
  expect(readableAmount(amount)).toBe(text);
});

describe('the keys of both sides', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mingdan-keys-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('are made once, and more are made beside them when more is wanted', () => {
    const file = join(folder, 'deep', 'gateway-keys.json');
    expect(keepGatewayKeys(file, [])).toEqual({});
    const first = keepGatewayKeys(file, ['pingpong']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(keepGatewayKeys(file, ['pingpong'])).toEqual(first);
    expect(sandboxKeysOf(first)).toEqual({ pingpong: first.pingpong?.sandbox });
  });

  test('that an older stand-in made and this one cannot read are made anew', () => {
    const file = join(folder, 'gateway-keys.json');
    writeFileSync(file, JSON.stringify({ pingpong: { sandbox: { old: true }, environment: {} } }));
    expect(keepGatewayKeys(file, ['pingpong']).pingpong?.environment).toHaveProperty('PINGPONG_WEBHOOK_SECRET');
    writeFileSync(file, 'not json');
    expect(() => keepGatewayKeys(file)).toThrow('cannot be read');
  });
});
