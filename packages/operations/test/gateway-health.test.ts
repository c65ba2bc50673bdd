import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { type Order, writeSetting } from '@mingdan/orders';
import { anOrder, testDatabase } from '@mingdan/orders/testing';
import {
  gatewayHealth,
  type OperationDeps,
  offersAtAll,
  offersFor,
  setGatewayMaintenance,
  startPayment,
} from '../src/index.ts';
import { FakeGateway, operationDeps } from './fake-gateway.ts';

let database: TestDatabase;
let db: Db;
let gateway: FakeGateway;
let deps: OperationDeps;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  await changed(db, 'delete from provider_health');
  await changed(db, 'delete from settings');
  await changed(db, `delete from outbox where dedupe_key like 'alarm:%'`);
  gateway = new FakeGateway();
  deps = operationDeps(db, gateway);
});

const newOrder = (): Promise<Order> => anOrder(db);
const pay = async (): Promise<string> =>
  startPayment(deps, { orderNo: (await newOrder()).orderNo, provider: 'pingpong' }).then(
    () => 'opened',
    (error: { code: string }) => error.code,
  );
const offered = async (): Promise<string[]> =>
  (await offersFor(deps, await newOrder(), 'chat')).map(({ provider }) => provider);
const alarms = async (): Promise<string[]> =>
  (
    await rows<{ key: string }>(
      db,
      `select dedupe_key as key from outbox where dedupe_key like 'alarm:gateway%' order by id`,
    )
  ).map(({ key }) => key.split(':').slice(1, 3).join(':'));
const timeHasCome = () => changed(db, `update provider_health set probe_at = now() - interval '1 second'`);

describe('a gateway that does not answer', () => {
  test('is still offered after a failure or two', async () => {
    gateway.down = true;
    expect([await pay(), await pay()]).toEqual(['gateway_timeout', 'gateway_timeout']);
    expect(await offered()).toEqual(['pingpong']);
    expect(await alarms()).toEqual([]);
  });

  test('is taken out of the offer after three in a row, and the operators hear of it once', async () => {
    gateway.down = true;
    for (let tried = 0; tried < 5; tried += 1) await pay();
    expect(await offered()).toEqual([]);
    expect(await offersAtAll(deps)).toEqual([]);
    expect(await alarms()).toEqual(['gateway_down:pingpong']);
    expect(await gatewayHealth(db)).toMatchObject([{ provider: 'pingpong', lastError: 'no answer' }]);
  });

  test('is not asked while it is out', async () => {
    gateway.down = true;
    for (let tried = 0; tried < 3; tried += 1) await pay();
    gateway.down = false;
    expect(await pay()).toBe('gateway_timeout');
    expect(gateway.creates).toBe(0);
  });

  test('is tried by one payment when its time has come, and by no more at once', async () => {
    gateway.down = true;
    for (let tried = 0; tried < 3; tried += 1) await pay();
    await timeHasCome();
    expect(await offered()).toEqual(['pingpong']);
    const before = gateway.calls;
    await Promise.all([pay(), pay(), pay(), pay()]);
    expect(gateway.calls - before).toBe(1);
  });

  test('comes back with its first success, and the operators hear of that too', async () => {
    gateway.down = true;
    for (let tried = 0; tried < 3; tried += 1) await pay();
    gateway.down = false;
    await timeHasCome();
    expect(await pay()).toBe('opened');
    expect(await offered()).toEqual(['pingpong']);
    expect(await alarms()).toEqual(['gateway_down:pingpong', 'gateway_up:pingpong']);
  });

  test('is not blamed for refusing one payment', async () => {
    gateway.refuses = true;
    for (let tried = 0; tried < 4; tried += 1) expect(await pay()).toBe('gateway_refused');
    expect(await offered()).toEqual(['pingpong']);
  });
});

describe('maintenance', () => {
  test('of one gateway takes it out, and others stay', async () => {
    await setGatewayMaintenance(db, 'pingpong', true, {
      'zh-CN': '维护中',
      'zh-TW': '維護中',
      en: 'down for maintenance',
    });
    expect(await offered()).toEqual([]);
    expect(await pay()).toBe('gateway_timeout');
    expect(gateway.calls).toBe(0);
    await setGatewayMaintenance(db, 'pingpong', false, null);
    expect(await offered()).toEqual(['pingpong']);
  });

  test('of everything stops new orders, and lets those that are there be paid', async () => {
    const order = await newOrder();
    await writeSetting(db, 'maintenance', { on: true });
    await expect(newOrder()).rejects.toMatchObject({ code: 'maintenance' });
    expect(await offersAtAll(deps)).toEqual([]);
    const started = await startPayment(deps, { orderNo: order.orderNo, provider: 'pingpong' });
    expect(started.paymentUrl).toContain(order.orderNo);
  });
});

describe('opening a payment', () => {
  test('many times at once asks the gateway once, and gives everybody the same', async () => {
    const order = await newOrder();
    gateway.slowMs = 150;
    const wish = { orderNo: order.orderNo, provider: 'pingpong' as const };
    const started = await Promise.all(Array.from({ length: 10 }, () => startPayment(deps, wish)));
    expect(new Set(started.map(({ paymentUrl }) => paymentUrl)).size).toBe(1);
    expect(gateway.creates).toBe(1);
  });

  test('goes under -2 where the gateway does not take the first id again', async () => {
    const order = await newOrder();
    gateway.usedIds.add(order.orderNo);
    const started = await startPayment(deps, { orderNo: order.orderNo, provider: 'pingpong' });
    expect(started.paymentUrl).toBe(`https://pay.example/PAY-${order.orderNo}-2`);
    expect(
      await rows(db, 'select gateway_order_id, status from payment_attempts where order_id = :id order by id', {
        id: order.id,
      }),
    ).toEqual([
      { gateway_order_id: order.orderNo, status: 'closed' },
      { gateway_order_id: `${order.orderNo}-2`, status: 'open' },
    ]);
  });

  test('is refused for a method that the provider does not have', async () => {
    const order = await newOrder();
    const wish = { orderNo: order.orderNo, provider: 'pingpong' as const, method: 'ALIPAY_WAP' };
    await expect(startPayment(deps, wish)).rejects.toMatchObject({ code: 'method_not_offered' });
  });
});
