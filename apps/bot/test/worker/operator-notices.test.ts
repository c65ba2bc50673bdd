import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import type { OperationDeps } from '@mingdan/operations';
import { findOrder, type Order, readOperatorSettings, recordNotice, writeSetting } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, aUser, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import { enqueue, type Message } from '@mingdan/outbox';
import { FakeGateway, operationDeps } from '../../../../packages/operations/test/fake-gateway.ts';
import { noticesHtml } from '../../src/telegram/notice-text.ts';
import { createTexts } from '../../src/texts.ts';
import { tellOperatorsOfOrders, tellOperatorsOfRefund } from '../../src/worker/tell-operators.ts';

let database: TestDatabase;
let db: Db;
let deps: OperationDeps;
const texts = createTexts();
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  const operations = operationDeps(db, new FakeGateway());
  deps = { ...operations, settings: { ...operations.settings, operatorChatId: -100 } };
});
afterAll(() => database.drop());
beforeEach(async () => {
  await changed(db, 'delete from outbox');
  await changed(db, 'update order_events set told_at = now() where told_at is null');
  await changed(db, 'update refund_records set announced_at = now() where announced_at is null');
  await changed(db, `delete from settings where key like 'operator_%'`);
});

async function told(): Promise<Message[]> {
  await tellOperatorsOfOrders(deps);
  const found = await rows<{ payload: Buffer }>(
    db,
    `select payload from outbox where dedupe_key like 'notice:%' order by id`,
  );
  return found.map(({ payload }) => testVault.open('outbox.payload', payload) as Message);
}

const noticesIn = (messages: readonly Message[]) => messages.flatMap(({ notices }) => notices ?? []);
const setKinds = (...kinds: string[]) => writeSetting(db, 'operator_notices', kinds);

async function failed(order: Order, reason: string): Promise<void> {
  await changed(db, `update orders set status = 'generating' where id = :id`, { id: order.id });
  await changed(db, `update orders set status = 'failed', status_reason = :reason, failed_at = now() where id = :id`, {
    id: order.id,
    reason,
  });
}

describe('operators', () => {
  test('read of a payment who paid what, by which way and under which number, and nothing of the birth', async () => {
    const user = await aUser(db);
    const order = await aPaidOrder(db, { userId: user.id });
    const [notice] = noticesIn(await told());
    expect(notice).toMatchObject({
      about: 'paid',
      orderNo: order.orderNo,
      amount: '19.90 CNY',
      paymentId: `PAY-${order.orderNo}`,
      buyer: user.telegramId,
    });
    const html = noticesHtml(texts, 'en', notice ? [notice] : []);
    expect(html).toContain(`<a href="tg://user?id=${user.telegramId}">${user.telegramId}</a>`);
    expect(html).toContain(`<code>${order.orderNo}</code>`);
    expect(html).not.toContain('张三');
  });

  test('hear of each change once, however often and from however many processes it is looked for', async () => {
    const order = await aPaidOrder(db);
    await Promise.all(Array.from({ length: 5 }, () => tellOperatorsOfOrders(deps)));
    expect(noticesIn(await told()).map(({ orderNo }) => orderNo)).toEqual([order.orderNo]);
  });

  test('hear by default of what is paid and what failed, and of new or finished orders when they want to', async () => {
    await anUnpaidOrder(db);
    expect(await told()).toEqual([]);
    await setKinds('new', 'completed');
    await aPaidOrder(db);
    expect(noticesIn(await told()).map(({ about }) => about)).toEqual(['new']);
  });

  test('hear nothing where they want nothing, and are not flooded with the past when they change their mind', async () => {
    await setKinds();
    await aPaidOrder(db);
    expect(await told()).toEqual([]);
    await setKinds('new', 'paid');
    expect(await told()).toEqual([]);
  });

  test('read why a payment failed', async () => {
    const order = await anUnpaidOrder(db);
    await recordNotice(
      db,
      { ...paidNotice(order), kind: 'failed', eventId: `failed:${order.orderNo}` },
      { digest: Buffer.alloc(32), sealed: null },
    );
    const [notice] = noticesIn(await told());
    expect(notice).toMatchObject({ about: 'payment_failed', orderNo: order.orderNo });
    expect(noticesHtml(texts, 'en', notice ? [notice] : [])).toContain('Payment failed');
  });

  test('of an order that failed they have an alarm; the notice makes it fuller and is no second message', async () => {
    const order = await aPaidOrder(db);
    await told();
    await changed(db, 'delete from outbox');
    const alarm = { template: 'alarm_order_failed', params: {} } as const;
    await enqueue(db, testVault, {
      chatId: -100,
      orderId: order.id,
      dedupeKey: `alarm:failed:${order.orderNo}`,
      message: alarm,
    });
    await failed(order, 'model_failed');
    const [message] = await told();
    expect(message?.notices).toMatchObject([{ about: 'failed', reason: 'model_failed' }]);
    expect(await rows(db, `select edits from outbox where edits is not null`)).toEqual([
      { edits: `alarm:failed:${order.orderNo}` },
    ]);
  });

  test('read many changes in few messages, and wait with more while these are not sent', async () => {
    for (let each = 0; each < 14; each += 1) await aPaidOrder(db);
    const messages = await told();
    expect(messages.map(({ notices }) => notices?.length)).toEqual([6, 6, 2]);
    await changed(
      db,
      `insert into outbox (chat_id, dedupe_key, payload) select -100, 'notice:x' || n, ''::bytea from generate_series(1, 15) n`,
    );
    const order = await aPaidOrder(db);
    await tellOperatorsOfOrders(deps);
    expect(
      await rows(db, 'select 1 from order_events where order_id = :id and told_at is null', { id: order.id }),
    ).not.toEqual([]);
    await changed(db, `update outbox set status = 'sent'`);
    await tellOperatorsOfOrders(deps);
    expect(await rows(db, 'select 1 from order_events where told_at is null')).toEqual([]);
  });

  test('read in each topic what belongs there', async () => {
    await setKinds('new', 'paid');
    await writeSetting(db, 'operator_topics', { paid: 12 });
    await aPaidOrder(db);
    await aPaidOrder(db);
    expect((await told()).map(({ kind, notices }) => [kind, notices?.length]).sort()).toEqual([
      ['new', 2],
      ['paid', 2],
    ]);
  });

  test('hear of a refund that begins and of one that the gateway confirmed', async () => {
    const order = await aPaidOrder(db);
    await told();
    await changed(db, 'delete from outbox');
    await changed(
      db,
      `insert into refund_records (refund_id, order_id, transaction_id, provider, amount_minor, currency, reason, requested_by)
       select 'R-1', order_id, id, provider, 990, 'CNY', 'refund_asked', 'operator' from payment_transactions where order_id = :id`,
      { id: order.id },
    );
    await tellOperatorsOfOrders(deps);
    await tellOperatorsOfRefund(deps, db, {
      orderId: order.id,
      refundId: 'R-1',
      refund: { minor: 990, currency: 'CNY' },
      reason: 'refund_asked',
    });
    expect(noticesIn(await told())).toMatchObject([
      { about: 'refund_requested', amount: '9.90 CNY', refundId: 'R-1' },
      { about: 'refund_succeeded', amount: '9.90 CNY', refundId: 'R-1' },
    ]);
  });

  test('read OxaPay’s number as its track id, and a buyer of the shop without an address', async () => {
    const order = await aPaidOrder(db);
    await changed(db, `update payment_transactions set provider = 'oxapay' where order_id = :id`, { id: order.id });
    await changed(db, 'update orders set user_id = null where id = :id', { id: order.id });
    const [notice] = noticesIn(await told());
    expect(notice).toMatchObject({ trackId: `PAY-${order.orderNo}` });
    const html = noticesHtml(texts, 'en', notice ? [notice] : []);
    expect(html).toContain('Track ID: <code>');
    expect(html).toContain('buyer of the shop');
  });

  test('without a chat nobody is told, and nothing is left over for later', async () => {
    await aPaidOrder(db);
    await tellOperatorsOfOrders({ ...deps, settings: { ...deps.settings, operatorChatId: null } });
    expect(await told()).toEqual([]);
    expect(await rows(db, 'select 1 from order_events where told_at is null')).toEqual([]);
  });
});

test('what anybody wrote is text in Telegram’s HTML', async () => {
  const order = (await findOrder(db, (await aPaidOrder(db)).orderNo)) as Order;
  const evil = '<a href="https://evil.example">x</a> & <b>';
  const html = noticesHtml(texts, 'en', [
    {
      about: 'failed',
      orderNo: order.orderNo,
      product: { 'zh-CN': evil, en: evil },
      quantity: 2,
      amount: '1.00 CNY',
      provider: evil,
      paymentId: evil,
      reason: evil,
    },
  ]);
  expect(html).not.toContain('<a href="https://evil');
  expect(html).toContain('&lt;a href=&quot;https://evil.example&quot;&gt;x&lt;/a&gt; &amp; &lt;b&gt; × 2');
});

test('settings that cannot be understood count as not set', async () => {
  await writeSetting(db, 'operator_notices', ['paid', 'nonsense']);
  await writeSetting(db, 'operator_topics', { paid: 'twelve' });
  expect(await readOperatorSettings(db)).toEqual({
    kinds: ['paid', 'failed', 'refund', 'redpacket', 'stock'],
    topics: {},
  });
});
