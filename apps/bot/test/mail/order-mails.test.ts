import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { type Fulfiller, type GoodsDeps, goodsFulfiller } from '@mingdan/fulfilment';
import { createLogger, type OrderKind, pause, randomToken, systemClock } from '@mingdan/kernel';
import { correctOrderEmail, orderLink, shopLink, verifyOrderLink } from '@mingdan/operations';
import { addCodes, createOrder, findOrder, findProduct, forgetUser, type Order, recordNotice } from '@mingdan/orders';
import { anAttempt, aUser, paidNotice, testDatabase, testVault } from '@mingdan/orders/testing';
import { FakeGateway, operationDeps } from '../../../../packages/operations/test/fake-gateway.ts';
import { type Sandbox, startSandbox } from '../../../sandbox/src/index.ts';
import { type SmtpChannel, smtpChannel } from '../../src/mail/channel.ts';
import { createTexts } from '../../src/texts.ts';
import { tidyUp } from '../../src/worker/housekeeping.ts';
import { startWorker, type Worker } from '../../src/worker/index.ts';
import { tellReceivedOrders } from '../../src/worker/tell-received.ts';

let database: TestDatabase;
let db: Db;
let sandbox: Sandbox;
let channel: SmtpChannel;
const running: Worker[] = [];
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  const log = createLogger({ process: 'sandbox', level: 'silent' });
  sandbox = await startSandbox({ port: 0, botToken: '70001:t', deepseekApiKey: 'sk', yuanfenjuApiKey: 'y', log });
  channel = smtpChannel(
    { smtpUrl: sandbox.smtpUrl, from: 'shop@mingdan.example' },
    {
      texts: createTexts(),
      orderLink: (orderNo) => orderLink(settings(), orderNo),
      shopLink: (product, language) => shopLink(settings(), product, language),
    },
  );
  await addCodes(db, testVault, {
    slug: 'gift-card',
    codes: ['CODE-A', 'CODE-B', 'CODE-C', 'CODE-D', 'CODE-E', 'CODE-F', 'CODE-G', 'CODE-H'],
    actor: 'test',
  });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((worker) => worker.stop()));
  sandbox.control.mail.clear();
});
afterAll(async () => {
  channel.close();
  await sandbox.close();
  await database.drop();
});

const settings = () => operationDeps(db, new FakeGateway()).settings;

async function order(email: string, language: string, slug = 'gift-card', quantity = 1): Promise<Order> {
  const product = await findProduct(db, slug);
  if (!product) throw new Error('no such product');
  const request = { userId: null, product, input: {}, language, confirmationId: randomToken(), email, quantity };
  const made = await createOrder(
    db,
    testVault,
    { ...request, baziSource: 'local', expiryMinutes: 30, maxOpen: 20 },
    systemClock,
  );
  if (made.order.amount.minor > 0) await anAttempt(db, made.order, `PAY-${made.order.orderNo}`);
  return made.order;
}

function start(changes: { failing?: boolean } = {}): Worker {
  const operations = operationDeps(db, new FakeGateway());
  const fulfilment: GoodsDeps = {
    ...operations,
    operatorChatId: -100,
    retryBaseMs: 5,
    confirm: async () => 'confirmed',
    orderLink: (orderNo) => orderLink(operations.settings, orderNo),
  };
  const failing: Fulfiller = {
    kind: 'goods',
    stages: () => [[{ name: 'fail', run: async () => ({ kind: 'give_up', reason: 'sold_out' }) }]],
  };
  const fulfillers = new Map<OrderKind, Fulfiller>([['goods', changes.failing ? failing : goodsFulfiller(fulfilment)]]);
  const worker = startWorker(
    {
      operations,
      fulfilment,
      fulfillers,
      channel: { send: async () => ({ messageId: 1 }), failureOf: () => ({ kind: 'unreachable', message: 'x' }) },
      mail: channel,
    },
    {
      owner: `w-${randomToken(6)}`,
      databaseUrl: database.url,
      databaseCa: undefined,
      pollSeconds: 1,
      concurrency: 4,
      leaseSeconds: 60,
      retryBaseMs: 5,
      fulfilmentDeadlineHours: 24,
      deliveryMaxHours: 72,
      endingCertificates: () => [],
    },
  );
  running.push(worker);
  return worker;
}

const mail = (to: string, subject: RegExp) => sandbox.control.mail.waitFor({ to, subject }, 10_000);

describe('a buyer of the shop', () => {
  test('gets the link of the order at once, and its codes when it is paid', async () => {
    start();
    const made = await order('zhang@example.com', 'en', 'gift-card', 2);
    const received = await mail('zhang@example.com', /We have your order/);
    expect(received.text).toContain(made.orderNo);
    expect(received.text).toMatch(/within (30|29) minutes/);
    const token = /\?t=([\w-]+)/.exec(received.text)?.[1] ?? '';
    expect(verifyOrderLink(settings(), made.orderNo, token)).toBe(true);

    await recordNotice(db, paidNotice(made));
    await mail('zhang@example.com', /Payment received/);
    const codes = await mail('zhang@example.com', /Your code/);
    expect(codes.text).toMatch(/CODE-A\s+CODE-B/);
    const shown = await rows(db, 'select 1 from inventory_items where order_id = :id and shown_at is not null', {
      id: made.id,
    });
    expect(shown).toHaveLength(2);
    // The mail is out a moment before the worker writes down that it is.
    const status = async () => (await findOrder(db, made.orderNo))?.status;
    for (let tries = 0; tries < 50 && (await status()) === 'generating'; tries += 1) await pause(100);
    expect(await status()).toBe('completed');
  });

  test('reads in their language that it failed, and that the money is back', async () => {
    start({ failing: true });
    const made = await order('li@example.com', 'zh-TW');
    await recordNotice(db, paidNotice(made));
    await mail('li@example.com', /訂單未能完成，正在退款/);
    const back = await mail('li@example.com', /退款成功/);
    expect(back.text).toContain(made.orderNo);
  });

  test('reads that a payment failed', async () => {
    start();
    const made = await order('wang@example.com', 'zh-CN');
    const failure = { ...paidNotice(made), kind: 'failed' as const, eventId: `failed:${made.orderNo}` };
    await recordNotice(db, failure, { digest: Buffer.alloc(32), sealed: null });
    const { text } = await mail('wang@example.com', /付款没有成功/);
    expect(text).toContain('/shop/gift-card?lang=zh-CN');
  });

  test('is told of an order once, and of one that is over not at all', async () => {
    const made = await order('zhao@example.com', 'en');
    const over = await order('zhao@example.com', 'en');
    await changed(db, `update orders set status = 'expired' where id = :id`, { id: over.id });
    const deps = operationDeps(db, new FakeGateway());
    await Promise.all([tellReceivedOrders(deps), tellReceivedOrders(deps), tellReceivedOrders(deps)]);
    const told = await rows<{ key: string }>(
      db,
      'select dedupe_key as key from outbox where order_id = any(:ids) and mail_to is not null',
      { ids: [made.id, over.id] },
    );
    expect(told).toEqual([{ key: `received:${made.orderNo}` }]);
  });
});

describe('mails that an order begins with', () => {
  const told = async (email: string) =>
    (
      await rows<{ key: string; to: Buffer }>(
        db,
        `select dedupe_key as key, mail_to as to from outbox where mail_to is not null and dedupe_key like 'received:%'`,
      )
    ).filter(({ to }) => testVault.open('outbox.mail_to', to) === email);
  const tell = () => tellReceivedOrders(operationDeps(db, new FakeGateway()));

  test('are five an hour to one address, and whoever has paid is told all the same', async () => {
    const made: Order[] = [];
    for (let count = 0; count < 8; count += 1) made.push(await order('victim@example.com', 'en', 'bazi-basic'));
    await Promise.all([tell(), tell(), tell()]);
    expect(await told('victim@example.com')).toHaveLength(5);
    await recordNotice(db, paidNotice(made[7] as Order));
    await tell();
    expect(await told('victim@example.com')).toHaveLength(6);
    // Those that end unpaid meanwhile are not written about later.
    await changed(db, `update orders set status = 'expired' where id = any(:ids)`, { ids: [made[5]?.id, made[6]?.id] });
    await tell();
    expect(await told('victim@example.com')).toHaveLength(6);
    await order('somebody@example.com', 'en', 'bazi-basic');
    await tell();
    expect(await told('somebody@example.com')).toHaveLength(1);
  });

  test('are left out where the codes are on their way already', async () => {
    const made = await order('quick@example.com', 'en');
    await recordNotice(db, paidNotice(made));
    await changed(db, `update orders set status = 'generating' where id = :id`, { id: made.id });
    await changed(db, `update orders set status = 'completed', delivery = 'delivered' where id = :id`, { id: made.id });
    await tell();
    expect(await told('quick@example.com')).toEqual([]);
  });

  test('go to a corrected address, three times at most and only before anything was delivered', async () => {
    const deps = operationDeps(db, new FakeGateway());
    const made = await order('annn@example.com', 'en', 'bazi-basic');
    expect(await correctOrderEmail(deps, made, 'ann1@example.com')).toBe('corrected');
    await tell();
    expect([(await told('annn@example.com')).length, (await told('ann1@example.com')).length]).toEqual([0, 1]);
    // What waits goes along; what was sent is sent again.
    expect(await correctOrderEmail(deps, made, 'ann2@example.com')).toBe('corrected');
    expect([(await told('ann1@example.com')).length, (await told('ann2@example.com')).length]).toEqual([0, 1]);
    await changed(db, `update outbox set status = 'sent', mail_to = null where order_id = :id`, { id: made.id });
    expect(await correctOrderEmail(deps, made, 'ANN2@example.com')).toBe('not_correctable');
    expect(await correctOrderEmail(deps, made, 'ann@example.com')).toBe('corrected');
    await tell();
    expect(await told('ann@example.com')).toHaveLength(1);
    expect(await correctOrderEmail(deps, made, 'more@example.com')).toBe('not_correctable');
    const over = await order('over@example.com', 'en', 'bazi-basic');
    await changed(db, `update orders set status = 'expired' where id = :id`, { id: over.id });
    expect(await correctOrderEmail(deps, over, 'more@example.com')).toBe('not_correctable');
  });
});

describe('addresses', () => {
  const addressOf = async (id: number) =>
    (await row<{ to: Buffer | null }>(db, 'select mail_to as to from outbox where order_id = :id', { id }))?.to ?? null;

  test('lie sealed in the outbox', async () => {
    const made = await order('secret@example.com', 'en');
    await tellReceivedOrders(operationDeps(db, new FakeGateway()));
    const to = await addressOf(made.id);
    expect(to?.toString('latin1')).not.toContain('secret');
    expect(testVault.open('outbox.mail_to', to ?? Buffer.alloc(0))).toBe('secret@example.com');
  });

  test('go when somebody asks to be forgotten', async () => {
    const made = await order('forget@example.com', 'en');
    await tellReceivedOrders(operationDeps(db, new FakeGateway()));
    const user = await aUser(db);
    await changed(db, `update orders set user_id = :userId, status = 'expired' where id = :id`, {
      userId: user.id,
      id: made.id,
    });
    await forgetUser(db, user.id);
    expect(await addressOf(made.id)).toBeNull();
    expect((await findOrder(db, made.orderNo))?.email).toBeNull();
  });

  test('go after thirty days, whatever became of the mail', async () => {
    const made = await order('old@example.com', 'en');
    await tellReceivedOrders(operationDeps(db, new FakeGateway()));
    await changed(db, `update outbox set created_at = now() - interval '31 days' where order_id = :id`, {
      id: made.id,
    });
    await tidyUp(db);
    expect(await addressOf(made.id)).toBeNull();
  });
});
