import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type BaziSource, createLocalSource, YuanfenjuRefused, YuanfenjuUnreachable } from '@mingdan/bazi';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, randomToken, systemClock } from '@mingdan/kernel';
import {
  claimPaid,
  createOrder,
  findOrder,
  findProduct,
  type Order,
  type Product,
  takeOverDue,
  writeSetting,
} from '@mingdan/orders';
import { aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import type { Message } from '@mingdan/outbox';
import { type Model, ModelError, type ModelErrorKind, sectionsOf } from '@mingdan/report';
import { alarm, type ReportDeps, reportFulfiller, runOrder } from '../src/index.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(() =>
  changed(db, `update fulfilment_health set paused_at = null, streak_answer = null, streak_orders = '{}'`),
);

const good = '# 命盘解读\n\n日主清明，行事稳健，适合长期的积累与专注。'.repeat(8);

/** A model in memory: answers, or fails as told by the number of the call. */
function fakeModel(answer: (call: number, user: string) => string | ModelError | Promise<never> = () => good) {
  const calls: string[] = [];
  const model: Model = {
    name: 'fake',
    maxTokens: 100,
    async write({ user }) {
      calls.push(user);
      const text = await answer(calls.length, user);
      if (typeof text !== 'string') throw text;
      return {
        text,
        usage: { promptTokens: 10, cacheHitTokens: 4, completionTokens: 20 },
        costMicros: 46,
        durationMs: 5,
        requestId: null,
        model: 'fake',
      };
    },
    listModels: async () => [],
    balance: async () => undefined,
  };
  return { model, calls };
}
const failure = (kind: ModelErrorKind, status?: number) =>
  new ModelError(`model_${kind}`, `the model says ${kind}`, { kind, hint: 'look', status });

function reportDeps(model: Model, more: Partial<ReportDeps> = {}): ReportDeps {
  return {
    db,
    vault: testVault,
    clock: systemClock,
    log: createLogger({ process: 'test', level: 'silent' }),
    operatorChatId: -100,
    retryBaseMs: 1,
    model,
    modelRetries: 3,
    userIdSecret: 's',
    sources: { local: createLocalSource(), yuanfenju: null },
    fallbackToLocal: false,
    orderLink: (orderNo) => `https://shop.example/order/${orderNo}?t=x`,
    ...more,
  };
}

const birth = { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' };

async function paidOrder(slug: string, baziSource: 'local' | 'yuanfenju' = 'local'): Promise<Order> {
  const user = await aUser(db);
  const product = (await findProduct(db, slug)) as Product;
  const input = product.input === 'birth' ? birth : {};
  const request = {
    userId: user.id,
    product,
    input,
    language: 'zh-CN',
    confirmationId: randomToken(),
    baziSource,
    expiryMinutes: 30,
    maxOpen: 20,
  };
  const { order } = await createOrder(db, testVault, request, systemClock);
  if (order.status !== 'paid')
    await changed(db, `update orders set status = 'paid', paid_at = now() where id = :id`, { id: order.id });
  await claimPaid(db, { owner: 'A', leaseSeconds: 60 }, 100);
  return (await findOrder(db, order.orderNo)) as Order;
}
async function work(deps: ReportDeps, order: Order): Promise<Order> {
  await runOrder(deps, reportFulfiller(deps), order, 'A', new AbortController().signal);
  return (await findOrder(db, order.orderNo)) as Order;
}
/** Works on it until it does not rest any more. */
async function workOn(deps: ReportDeps, order: Order, rounds = 10): Promise<Order> {
  let now = await work(deps, order);
  for (let round = 0; round < rounds && now.status === 'generating' && now.delivery === 'none'; round += 1) {
    await changed(db, `update orders set due_at = now() where id = :id`, { id: order.id });
    await takeOverDue(db, { owner: 'A', leaseSeconds: 60 }, 100);
    now = await work(deps, now);
  }
  return now;
}
async function said(order: Order): Promise<Message[]> {
  const found = await rows<{ payload: Buffer }>(
    db,
    'select payload from outbox where order_id = :id and chat_id > 0 order by id',
    { id: order.id },
  );
  return found.map(({ payload }) => testVault.open('outbox.payload', payload) as Message);
}
const templates = async (order: Order) => (await said(order)).map(({ template }) => template);
const alarms = async (like: string) =>
  (await rows(db, `select 1 from outbox where dedupe_key like :like`, { like: `alarm:${like}%` })).length;

describe('a report of a buyer without a chat', () => {
  test('is complete at once, and a mail says where it is read', async () => {
    const order = await paidOrder('bazi-basic');
    await changed(db, 'update orders set user_id = null, email = :email where id = :id', {
      id: order.id,
      email: testVault.seal('orders.email', 'zhang@example.com'),
    });
    const mailed = (await findOrder(db, order.orderNo)) as Order;
    expect(await workOn(reportDeps(fakeModel().model), mailed)).toMatchObject({
      status: 'completed',
      delivery: 'delivered',
    });
    const mails = await rows<{ key: string; language: string }>(
      db,
      `select dedupe_key as key, language from outbox where order_id = :id and mail_to is not null order by id`,
      { id: order.id },
    );
    expect(mails.map(({ key }) => key)).toEqual([`paid:${order.orderNo}`, `report:${order.orderNo}:mail`]);
    expect(mails[0]?.language).toBe('zh-CN');
  });

  test('that fails tells them by mail, with the refund', async () => {
    const order = await paidOrder('bazi-basic');
    await changed(db, 'update orders set user_id = null, email = :email where id = :id', {
      id: order.id,
      email: testVault.seal('orders.email', 'zhang@example.com'),
    });
    const mailed = (await findOrder(db, order.orderNo)) as Order;
    await workOn(reportDeps(fakeModel(() => failure('retryable', 503)).model), mailed);
    const [mail] = await rows<{ payload: Buffer }>(db, 'select payload from outbox where dedupe_key = :key', {
      key: `failed:${order.orderNo}`,
    });
    expect(testVault.open('outbox.payload', mail?.payload ?? Buffer.alloc(0))).toMatchObject({
      template: 'order_failed_refunding',
    });
  });

  test('whose address cannot be opened any more still fails and is refunded', async () => {
    const order = await paidOrder('bazi-basic');
    await changed(db, `update orders set user_id = null, email = 'junk'::bytea where id = :id`, { id: order.id });
    const mailed = (await findOrder(db, order.orderNo)) as Order;
    const failed = await workOn(reportDeps(fakeModel(() => failure('retryable', 503)).model), mailed);
    expect(failed.status).toBe('failed');
  });
});

test('operators who want no news of red packets or stock hear none, and every other alarm', async () => {
  const about = { vault: testVault, operatorChatId: -100 };
  await writeSetting(db, 'operator_notices', ['paid']);
  await alarm(about, db, 'wanted:packet', { template: 'alarm_redpacket_waiting', params: {} });
  await alarm(about, db, 'wanted:stock', { template: 'alarm_stock_low', params: {} });
  await alarm(about, db, 'wanted:refund', { template: 'alarm_refund_refused', params: {} });
  expect(await rows(db, `select dedupe_key as key from outbox where dedupe_key like 'alarm:wanted:%'`)).toEqual([
    { key: 'alarm:wanted:refund' },
  ]);
  await changed(db, `delete from settings where key = 'operator_notices'`);
  await alarm(about, db, 'wanted:packet', { template: 'alarm_redpacket_waiting', params: {} });
  expect(await alarms('wanted:packet')).toBe(1);
});

describe('a report', () => {
  test('is told as paid, written in one call and handed to delivery: title, parts, closing line', async () => {
    const { model, calls } = fakeModel();
    const order = await work(reportDeps(model), await paidOrder('bazi-basic'));
    expect(calls).toHaveLength(1);
    expect(order).toMatchObject({ status: 'generating', delivery: 'sending' });
    expect(await templates(order)).toEqual(['order_paid', 'report_title', 'report_part', 'report_closing']);
    expect((await said(order)).at(-1)?.params).toMatchObject({
      orderNo: order.orderNo,
      link: `https://shop.example/order/${order.orderNo}?t=x`,
    });
  });

  test('carries the computed chart to the model and the name as data', async () => {
    const { model, calls } = fakeModel();
    await work(reportDeps(model), await paidOrder('bazi-basic'));
    for (const pillar of ['庚午', '辛巳', '庚辰', '癸未']) expect(calls[0]).toContain(pillar);
    expect(calls[0]).toContain('张三');
  });

  test('of many sections writes them side by side and saves each with its cost', async () => {
    const { model, calls } = fakeModel();
    const sections = sectionsOf('bazi-full').length;
    let begun = 0;
    let allBegan: () => void = () => undefined;
    const together = new Promise<void>((resolve) => {
      allBegan = resolve;
    });
    // Answers none before all have been asked: written one after the other, this would never end.
    const patient: Model = {
      ...model,
      async write(request) {
        begun += 1;
        if (begun === sections) allBegan();
        await together;
        return model.write(request);
      },
    };
    const order = await work(reportDeps(patient), await paidOrder('bazi-full'));
    expect(calls).toHaveLength(sections);
    expect(calls.length).toBeGreaterThan(4);
    const saved = await rows<{ cost_micros: number }>(
      db,
      `select cost_micros from order_steps where order_id = :id and step like 'section:%'`,
      { id: order.id },
    );
    expect(saved).toHaveLength(calls.length);
    expect(saved.every(({ cost_micros }) => cost_micros === 46)).toBe(true);
  });

  test('about cards needs no birth data and reads three drawn cards', async () => {
    const { model, calls } = fakeModel();
    const order = await work(reportDeps(model), await paidOrder('tarot-free'));
    expect(calls).toHaveLength(1);
    expect(await templates(order)).toEqual(['order_free', 'report_title', 'report_part', 'report_closing']);
  });

  test('that was interrupted pays for no saved section twice', async () => {
    const crash = new AbortController();
    const { model, calls } = fakeModel((call) => {
      if (call < 4) return good;
      crash.abort();
      return Promise.reject(new Error('killed'));
    });
    const order = await paidOrder('bazi-full');
    const deps = reportDeps(model);
    await runOrder(deps, reportFulfiller(deps), order, 'A', crash.signal);
    const sections = calls.length;
    const saved = (
      await rows(
        db,
        `select 1 from order_steps where order_id = :id and step like 'section:%' and finished_at is not null`,
        { id: order.id },
      )
    ).length;
    const second = fakeModel();
    await takeOverDue(db, { owner: 'A', leaseSeconds: 60 }, 100);
    await workOn(reportDeps(second.model), order);
    expect(saved).toBeGreaterThan(0);
    expect(second.calls).toHaveLength(sections - saved);
  });
});

describe('a dead model', () => {
  test('is asked once and three times more, then the order fails and is refunded', async () => {
    const { model, calls } = fakeModel(() => failure('retryable', 503));
    const order = await workOn(reportDeps(model), await paidOrder('bazi-basic'));
    expect(calls).toHaveLength(4);
    expect(order).toMatchObject({ status: 'failed', reason: 'model_failed' });
    expect(await rows(db, 'select 1 from refund_records where order_id = :id', { id: order.id })).toHaveLength(1);
    expect(await templates(order)).toEqual(['order_paid', 'order_failed_refunding']);
  });

  test('has no more tries after a restart than before it', async () => {
    const { model, calls } = fakeModel(() => failure('retryable', 500));
    const order = await paidOrder('bazi-basic');
    await changed(db, `insert into order_steps (order_id, step, failures) values (:id, 'section:report', 3)`, {
      id: order.id,
    });
    expect((await work(reportDeps(model), order)).status).toBe('failed');
    expect(calls).toHaveLength(1);
  });

  test('that comes back in time still delivers', async () => {
    const { model, calls } = fakeModel((call) => (call < 3 ? failure('retryable', 500) : good));
    expect(await work(reportDeps(model), await paidOrder('bazi-basic'))).toMatchObject({ delivery: 'sending' });
    expect(calls).toHaveLength(3);
  });
});

describe('a refused key or an empty account', () => {
  test('pauses the queue with one alarm and fails no order; it goes on by itself', async () => {
    const before = await alarms('paused');
    const broken = fakeModel(() => failure('operator', 402));
    const orders = [await paidOrder('bazi-basic'), await paidOrder('tarot-free')];
    for (const order of orders)
      expect(await work(reportDeps(broken.model), order)).toMatchObject({ status: 'generating', delivery: 'none' });
    expect(broken.calls).toHaveLength(1);
    expect(await alarms('paused')).toBe(before + 1);

    await changed(db, 'update fulfilment_health set probe_at = now()');
    const mended = fakeModel();
    for (const order of orders)
      expect(await workOn(reportDeps(mended.model), order)).toMatchObject({ delivery: 'sending' });
  });
});

describe('a model name that is gone', () => {
  test('fails two orders and pauses at the third in a row, which waits', async () => {
    const gone = fakeModel(() => failure('request', 400));
    const states = [];
    for (let n = 0; n < 3; n += 1)
      states.push((await work(reportDeps(gone.model), await paidOrder('tarot-free'))).status);
    expect(states).toEqual(['failed', 'failed', 'generating']);
    expect(gone.calls).toHaveLength(3);
    expect(await row(db, 'select paused_at is not null as paused from fulfilment_health')).toEqual({ paused: true });
  });
});

describe('Yuanfenju', () => {
  const source = (chart: BaziSource['chart']): BaziSource => ({ name: 'yuanfenju', chart });
  const local = createLocalSource();

  test('is asked once, and its answer is kept', async () => {
    let asked = 0;
    const yuanfenju = source(async (input, signal) => {
      asked += 1;
      return { ...(await local.chart(input, signal)), source: 'yuanfenju' };
    });
    const { model } = fakeModel();
    const order = await work(
      reportDeps(model, { sources: { local, yuanfenju } }),
      await paidOrder('bazi-basic', 'yuanfenju'),
    );
    expect(order.delivery).toBe('sending');
    expect(asked).toBe(1);
  });

  test('that does not answer three times fails the order with its reason', async () => {
    let asked = 0;
    const yuanfenju = source(async () => {
      asked += 1;
      throw new YuanfenjuUnreachable('no_answer', 'no answer', { hint: '' });
    });
    const { model, calls } = fakeModel();
    const order = await workOn(
      reportDeps(model, { sources: { local, yuanfenju } }),
      await paidOrder('bazi-basic', 'yuanfenju'),
    );
    expect(order).toMatchObject({ status: 'failed', reason: 'bazi_failed' });
    expect(asked).toBe(3);
    expect(calls).toHaveLength(0);
  });

  test('that refuses is asked once, and the local engine stands in where that is allowed and says so', async () => {
    let asked = 0;
    const yuanfenju = source(async () => {
      asked += 1;
      throw new YuanfenjuRefused('quota', 'no quota', { hint: '' });
    });
    const { model } = fakeModel();
    const order = await workOn(
      reportDeps(model, { sources: { local, yuanfenju }, fallbackToLocal: true }),
      await paidOrder('bazi-basic', 'yuanfenju'),
    );
    expect(order.delivery).toBe('sending');
    expect(asked).toBe(1);
    const parts = (await said(order)).flatMap(({ params }) => (params?.text ? [String(params.text)] : [])).join('');
    expect(parts).toContain('本地历法引擎');
  });
});
