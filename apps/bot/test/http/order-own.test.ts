import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { randomToken, systemClock } from '@mingdan/kernel';
import { askForRefund, orderLinkToken, resolveInboxItem } from '@mingdan/operations';
import {
  activateMembership,
  createOrder,
  creditCoins,
  findOrder,
  findProduct,
  membershipCause,
  type Order,
  openEmail,
  type Product,
  recordNotice,
  settleRefund,
} from '@mingdan/orders';
import {
  anAttempt,
  anUnpaidOrder,
  aPaidOrder,
  aUser,
  paidNotice,
  testDatabase,
  testVault,
} from '@mingdan/orders/testing';
import request from 'supertest';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { anApp, completed, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const operations = () => operationsWith(db, [new GatewayInMemory('pingpong')], { offered: ['pingpong'] });
const app = () => request(anApp(db, { operations: operations() }).app);
const tokenOf = ({ orderNo }: Pick<Order, 'orderNo'>) => orderLinkToken(testSettings, orderNo);
const plain = ({ text }: { text: string }) => text.replaceAll('&#61;', '=').replaceAll('&#38;', '&');
const page = async (order: Pick<Order, 'orderNo'>, more = '') =>
  plain(
    await app()
      .get(`/order/${order.orderNo}?t=${tokenOf(order)}&lang=en${more}`)
      .expect(200),
  );
const send = (order: Pick<Order, 'orderNo'>, path: string, fields: Record<string, string> = {}) =>
  app()
    .post(`/order/${order.orderNo}/${path}`)
    .type('form')
    .send({ t: tokenOf(order), lang: 'en', ...fields });
const now = async ({ orderNo }: Pick<Order, 'orderNo'>) => (await findOrder(db, orderNo)) as Order;

/** By somebody without an account. */
async function ofTheShop(slug: string, email = 'ann@exmaple.com'): Promise<Order> {
  const product = (await findProduct(db, slug)) as Product;
  const usual = { input: {}, language: 'en', baziSource: 'local', expiryMinutes: 30, maxOpen: 20 } as const;
  const wish = { ...usual, userId: null, product, email, confirmationId: randomToken() };
  const { order } = await createOrder(db, testVault, wish, systemClock);
  await anAttempt(db, order, `PAY-${order.orderNo}`);
  return order;
}

/** A package of coins that was paid and credited, and so many of them spent. */
async function coins(spent: number): Promise<Order> {
  const { id } = await aUser(db);
  const order = await aPaidOrder(db, { slug: 'coins-1', userId: id });
  await creditCoins(db, { userId: id, orderId: order.id, orderNo: order.orderNo, coins: 100 });
  if (spent > 0)
    await changed(
      db,
      `insert into coin_ledger (user_id, amount, cause, reason, actor) values (:id, -:spent::bigint, 'pay:' || :cause, 'payment', 'buyer')`,
      { id, spent, cause: order.orderNo },
    );
  return completed(db, order);
}

describe('a refund of coins of which some are spent', () => {
  test('says before it is asked for what would come back, and afterwards what came', async () => {
    const order = await coins(82);
    const asked = await page(order, '&ask=refund');
    expect(asked).toContain('Of the 100 coins of this package 18 are left');
    expect(asked).toContain('CN¥1.78');
    const part = /name="part" value="(\d+)"/.exec(asked)?.[1] ?? '';
    expect(part).toBe('178');
    expect((await send(order, 'refund', { reason: 'enough', part })).headers.location).toContain('refund=requested');
    expect(await page(order)).toContain('CN¥1.78 on its way back · 18 coins taken');
    const refund = await row<{ id: string }>(db, 'select refund_id as id from refund_records where order_id = :id', {
      id: order.id,
    });
    await settleRefund(db, refund?.id ?? '', 'succeeded', null);
    const after = await page(order);
    expect(after).toContain('CN¥1.78 returned · 18 coins taken');
    expect(after).toContain('Order completed');
    // Nothing of that for who has the number alone.
    expect((await app().get(`/order/${order.orderNo}?lang=en`)).text).not.toContain('18 coins');
  });

  test('is not asked for by who has not read what they would get', async () => {
    const order = await coins(82);
    const reply = await send(order, 'refund', { reason: 'enough' }).expect(303);
    expect(reply.headers.location).toContain('ask=refund');
    const stale = await send(order, 'refund', { reason: 'enough', part: '990' }).expect(303);
    expect(stale.headers.location).toContain('ask=refund');
    expect(await row(db, 'select 1 from refund_records where order_id = :id', { id: order.id })).toBeUndefined();
  });
});

describe('a refund that operators decide about', () => {
  test('is said to be with them whenever the page is opened, and so is their answer', async () => {
    const order = await completed(db, await aPaidOrder(db));
    expect((await send(order, 'refund', { reason: 'not mine' })).headers.location).toContain('refund=with_operators');
    const shown = await page(order);
    expect(shown).toContain('Your wish for a refund is with our team since');
    expect(shown).not.toContain('ask=refund');
    const item = await row<{ id: number }>(db, 'select id from inbox_items where order_id = :id', { id: order.id });
    await resolveInboxItem(operations(), { id: item?.id ?? 0, note: 'no', reply: 'We wrote it <b>anew</b>.' });
    const answered = await page(order);
    expect(answered).toContain('Our team answered your wish');
    expect(answered).toContain('We wrote it &#60;b&#62;anew');
    expect(answered).toContain('ask=refund');
    const raw = await row<{ text: string }>(db, 'select details::text as text from inbox_items where id = :id', {
      id: item?.id ?? 0,
    });
    expect(raw?.text).not.toContain('anew');
    // Asked again it is open again, and the old answer is not the answer to it.
    await askForRefund(operations(), { orderNo: order.orderNo, reason: 'please', by: 'buyer' });
    expect(await page(order)).not.toContain('anew');
  });
});

describe('an order that is over', () => {
  test('leads to the same again and to the shop, whoever has the number alone to the shop', async () => {
    const order = await anUnpaidOrder(db, { slug: 'bazi-full' });
    expect(await page(order)).not.toContain('Order again');
    await changed(db, `update orders set status = 'expired' where id = :id`, { id: order.id });
    expect(await page(order)).toContain('href="/shop/bazi-full?lang=en"');
    const text = plain(await app().get(`/order/${order.orderNo}?lang=en`));
    expect(text).toContain('href="/shop?lang=en"');
    expect(text).not.toContain('bazi-full');
  });
});

describe('what is said of each kind', () => {
  test('goods of the shop are on the page, and no report is written', async () => {
    const order = await ofTheShop('consult');
    await recordNotice(db, paidNotice(order));
    expect(await page(order)).toContain('What you bought appears on this page');
    await changed(db, `update orders set status = 'generating' where id = :id`, { id: order.id });
    await changed(db, `update orders set status = 'completed', delivery = 'parked' where id = :id`, { id: order.id });
    const text = await page(order);
    expect(text).toContain('Order completed');
    expect(text).not.toContain('chat');
  });

  test('a membership says until when', async () => {
    const { id } = await aUser(db);
    const order = await completed(db, await aPaidOrder(db, { slug: 'member-month', userId: id }));
    await activateMembership(db, {
      userId: id,
      productSlug: 'member-month',
      months: 1,
      cause: membershipCause(order.orderNo),
      orderId: order.id,
      actor: 'test',
    });
    const text = await page(order);
    expect(text).toMatch(/<dt>Member until<\/dt><dd>\w+ \d+, 20\d\d/);
    expect(text).toContain('Your membership is active');
  });
});

describe('the steps of an order', () => {
  test('name the present one truly while it waits to be paid', async () => {
    expect(await page(await anUnpaidOrder(db))).toContain('aria-current="step">Payment<');
  });
});

describe('the receipt', () => {
  test('names seller and buyer, the buyer only to themselves', async () => {
    const order = await ofTheShop('bazi-full');
    await recordNotice(db, paidNotice(order));
    const text = await page(order);
    expect(text).toContain('<dt>Email</dt><dd>ann@exmaple.com</dd>');
    expect(text).toContain('<dt>Seller</dt><dd>命单</dd>');
    expect(text).toContain('data-print="receipt"');
    expect((await app().get(`/order/${order.orderNo}?lang=en`)).text).not.toContain('exmaple');
  });
});

describe('the address of an order', () => {
  test('is corrected by who has its link, while nothing was delivered', async () => {
    const order = await ofTheShop('bazi-full');
    expect(await page(order, '&ask=email')).toContain('<label for="new-email">');
    const wrong = await send(order, 'email', { email: 'ann@b' }).expect(303);
    expect(wrong.headers.location).toContain('email=wrong');
    expect(await page(order, '&ask=email&email=wrong')).toContain('aria-invalid="true"');
    await send(order, 'email', { email: 'ann@example.com' }).expect(303);
    expect(openEmail(testVault, await now(order))).toBe('ann@example.com');
    expect(await page(order, '&email=corrected')).toContain('ann@example.com');
    await app()
      .post(`/order/${order.orderNo}/email`)
      .type('form')
      .send({ t: 'x', email: 'eve@example.com' })
      .expect(403);
    expect(openEmail(testVault, await now(order))).toBe('ann@example.com');
    await recordNotice(db, paidNotice(order));
    await completed(db, order);
    expect(await page(order)).not.toContain('ask=email');
  });
});

describe('an unpaid order', () => {
  test('is cancelled on its page, after a question', async () => {
    const order = await ofTheShop('bazi-full');
    expect(await page(order)).toContain('ask=cancel');
    expect(await page(order, '&ask=cancel')).toContain('Yes, cancel it');
    expect((await now(order)).status).toBe('pending_payment');
    await app().post(`/order/${order.orderNo}/cancel`).type('form').send({ t: 'x' }).expect(403);
    await send(order, 'cancel').expect(303);
    expect(await now(order)).toMatchObject({ status: 'expired', reason: 'cancelled' });
    expect(await page(order)).toContain('Order cancelled');
    expect((await send(order, 'cancel').expect(303)).headers.location).toContain('cancel=not_cancellable');
  });

  test('that was paid meanwhile is not', async () => {
    const order = await ofTheShop('bazi-full');
    await recordNotice(db, paidNotice(order));
    expect((await send(order, 'cancel').expect(303)).headers.location).toContain('cancel=paid');
    expect(await page(order, '&cancel=paid')).toContain('It was not cancelled: it is paid');
  });
});
