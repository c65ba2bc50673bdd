import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { systemClock } from '@mingdan/kernel';
import { acceptRedPacket, claimRedPacketCode, orderLinkToken, rejectRedPacket } from '@mingdan/operations';
import { coinBalance, createOrder, findOrder, findProduct, grantCoins, type Order } from '@mingdan/orders';
import { anOrder, anUnpaidOrder, aPaidOrder, testDatabase, testVault } from '@mingdan/orders/testing';
import request from 'supertest';
import { sessionToken } from '../../src/http/auth/session-token.ts';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { anApp, completed, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
let alipay: GatewayInMemory;
let wechat: GatewayInMemory;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
beforeEach(async () => {
  alipay = new GatewayInMemory('alipay');
  wechat = new GatewayInMemory('wechat');
  await changed(db, 'delete from provider_health');
});

const WAYS = ['alipay', 'wechat', 'points', 'redpacket', 'stars'] as const;
const PHONE = 'Mozilla/5.0 (Linux; Android 16) Mobile';

function anAppWith(offered: readonly (typeof WAYS)[number][] = WAYS) {
  const operations = operationsWith(db, [alipay, wechat], { offered });
  return { operations, app: anApp(db, { operations }).app };
}

const own = ({ orderNo }: Order, path = '', more = '') =>
  `/order/${orderNo}${path}?t=${orderLinkToken(testSettings, orderNo)}&lang=en${more}`;
const open = (order: Order, more = '', agent = 'Mozilla/5.0 (X11)') =>
  request(anAppWith().app)
    .get(own(order, '', more))
    .set('User-Agent', agent);
const pay = (order: Order, provider: string, agent = 'Mozilla/5.0 (X11)') =>
  request(anAppWith().app)
    .get(own(order, `/pay/${provider}`))
    .set('User-Agent', agent);
const send = (order: Order, path: string, fields: Record<string, string>) =>
  request(anAppWith().app)
    .post(`/order/${order.orderNo}${path}`)
    .type('form')
    .send({ t: orderLinkToken(testSettings, order.orderNo), lang: 'en', ...fields });

/** As `POST /api/create-order` makes them: nobody's account, nobody's chat. */
async function aShopOrder(): Promise<Order> {
  const product = await findProduct(db, 'bazi-basic');
  if (!product) throw new Error('no such product');
  const wish = {
    userId: null,
    product,
    input: {},
    language: 'en',
    confirmationId: `test:${Math.random()}`,
    baziSource: 'local',
    expiryMinutes: 30,
    maxOpen: 20,
  } as const;
  return (await createOrder(db, testVault, wish, systemClock)).order;
}

describe('the ways to pay on the order page', () => {
  test('are those that can take the order from there, in the seller’s order', async () => {
    const order = await anUnpaidOrder(db);
    const { text } = await open(order).expect(200);
    const offered = [...text.matchAll(/\/order\/[^/]+\/pay\/(\w+)/g)].map(([, provider]) => provider);
    // Stars are paid inside Telegram only.
    expect(offered).toEqual(['alipay', 'wechat', 'points', 'redpacket']);
    expect(text).toContain('How would you like to pay?');
    expect(text).toContain('199 🪙');
    expect(text).toContain('Refunds: any time before it is delivered');
  });

  test('leave out coins for who has no account', async () => {
    const { text } = await open(await aShopOrder());
    expect(text).toContain('/pay/alipay');
    expect(text).not.toContain('/pay/points');
  });

  test('are one button where there is one way', async () => {
    const order = await anUnpaidOrder(db);
    const { text } = await request(anAppWith(['alipay']).app).get(own(order));
    expect(text).toContain('Pay CN¥19.90 · Alipay</a>');
    expect(text).not.toContain('How would you like to pay?');
  });

  test('are said to be paused where there is none', async () => {
    const { text } = await request(anAppWith([]).app).get(own(await anUnpaidOrder(db)));
    expect(text).toContain('Payment is paused right now');
  });

  test('are for the own link only', async () => {
    const order = await anUnpaidOrder(db);
    const { app } = anAppWith();
    expect((await request(app).get(`/order/${order.orderNo}`)).text).not.toContain('/pay/');
    for (const token of ['', '?t=x', `?t=${orderLinkToken(testSettings, 'REPORT_20261121_ZZZZZZZZ')}`])
      await request(app).get(`/order/${order.orderNo}/pay/alipay${token}`).expect(403);
    for (const path of ['/redpacket', '/refund', '/pay/points', '/coins'])
      await request(app).post(`/order/${order.orderNo}${path}`).type('form').send({ t: 'x' }).expect(403);
    expect(alipay.created).toEqual([]);
  });

  test('are gone once money is on its way', async () => {
    const order = await anUnpaidOrder(db);
    await changed(db, 'update orders set payment_seen_at = now() where id = :id', { id: order.id });
    const { text } = await open(order);
    expect(text).toContain('Your payment is being confirmed');
    expect(text).not.toContain('/pay/');
  });
});

describe('paying from the page', () => {
  test('leads to the gateway, and keeps the signed link in the browser for the way back', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    const reply = await pay(order, 'alipay').expect(303);
    expect(reply.headers.location).toMatch(/^https:\/\/alipay\.example\//);
    expect(reply.headers['cache-control']).toBe('no-store');
    const cookie = String(reply.headers['set-cookie']);
    expect(cookie).toMatch(/^mingdan_return=/);
    for (const part of ['Path=/payment/success', 'HttpOnly', 'SameSite=Lax', 'Secure']) expect(cookie).toContain(part);
    expect(JSON.stringify(alipay.created)).not.toContain(orderLinkToken(testSettings, order.orderNo));
  });

  test('opens the gateway’s page for phones on a phone, with the address of the phone', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    await pay(order, 'wechat', PHONE).expect(303);
    expect(wechat.created[0]).toMatchObject({
      method: 'WECHAT_H5',
      buyer: { ip: expect.stringContaining('127.0.0.1') },
    });
  });

  test('shows a code to scan on a computer, drawn without a style of its own', async () => {
    wechat.shows = { paymentUrl: null, qrCode: 'weixin://wxpay/bizpayurl?pr=abc' };
    const order = await anUnpaidOrder(db, { paymentId: null });
    const reply = await pay(order, 'wechat').expect(303);
    expect(reply.headers.location).toMatch(new RegExp(`^/order/${order.orderNo}\\?t=.*via=wechat$`));
    const { text } = await open(order, '&via=wechat');
    expect(text).toContain('Scan this code with WeChat Pay');
    expect(text).toMatch(/<div role="img" aria-label="Scan this code with WeChat Pay"><svg /);
    expect(text).not.toMatch(/<svg[^>]*style=|style="/);
    expect(text).toContain('Pay another way');
  });

  test('shows no code that the gateway no longer takes', async () => {
    wechat.shows = { paymentUrl: null, qrCode: 'weixin://old', shownUntil: new Date(Date.now() - 1_000) };
    const order = await anUnpaidOrder(db, { paymentId: null });
    await pay(order, 'wechat');
    expect((await open(order, '&via=wechat')).text).not.toContain('<figure');
  });

  test.each([
    ['down', 'gateway_timeout', 'Alipay does not answer right now. Your order stays open'],
    ['refuses', 'gateway_refused', 'Alipay did not accept this payment'],
  ] as const)('tells when the gateway %s', async (trouble, code, words) => {
    alipay[trouble] = true;
    const order = await anUnpaidOrder(db, { paymentId: null });
    const reply = await pay(order, 'alipay').expect(303);
    expect(reply.headers.location).toContain(`via=alipay&trouble=${code}`);
    const { text } = await request(anAppWith().app).get(String(reply.headers.location));
    expect(text).toMatch(new RegExp(`role="alert">${words}`));
    expect(text).toContain('/pay/wechat');
  });

  test('follows no address that is none of the web', async () => {
    alipay.shows = { paymentUrl: 'javascript:alert(1)' };
    const reply = await pay(await anUnpaidOrder(db, { paymentId: null }), 'alipay').expect(303);
    expect(reply.headers.location).toMatch(/^\/order\//);
  });

  test('by coins is a press and no link, and pays at once', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    expect((await pay(order, 'points').expect(303)).headers.location).toContain('via=points');
    expect((await findOrder(db, order.orderNo))?.status).toBe('pending_payment');
    const poor = await send(order, '/pay/points', {}).expect(303);
    expect(poor.headers.location).toContain('trouble=not_enough_coins');
    expect((await open(order, '&via=points&trouble=not_enough_coins')).text).toContain('not have enough coins');
    await grantCoins(db, { userId: order.userId ?? 0, amount: 500, key: 'test', reason: 'test', actor: 'test' });
    await send(order, '/pay/points', {}).expect(303);
    expect((await findOrder(db, order.orderNo))?.status).toBe('paid');
  });

  test('by coins for a part is a press; the rest is then what the ways to pay ask for', async () => {
    const order = await anOrder(db);
    await grantCoins(db, { userId: order.userId ?? 0, amount: 80, reason: 'test', actor: 'test' });
    const { text } = await open(order);
    expect(text).toContain('Use 80 coins');
    expect(text).toContain('They take CN¥8.00 off; CN¥11.90 is left to pay.');
    const reply = await send(order, '/coins', {}).expect(303);
    expect(reply.headers.location).not.toContain('trouble');
    const after = await open(order);
    expect(after.text).toContain('80 coins pay CN¥8.00 of it; CN¥11.90 is left.');
    expect(after.text).not.toContain('/pay/points');
    await pay(order, 'alipay').expect(303);
    expect(alipay.created.at(-1)).toMatchObject({ amount: { minor: 1190, currency: 'CNY' } });
    expect(await coinBalance(db, order.userId ?? 0)).toBe(0);
  });

  test('by coins for a part says why not where money is on its way', async () => {
    const order = await anOrder(db);
    await grantCoins(db, { userId: order.userId ?? 0, amount: 80, reason: 'test', actor: 'test' });
    await changed(db, 'update orders set payment_seen_at = now() where id = :id', { id: order.id });
    const reply = await send(order, '/coins', {}).expect(303);
    expect(reply.headers.location).toContain('trouble=coins_not_usable');
    await changed(db, 'update orders set payment_seen_at = null where id = :id', { id: order.id });
    expect((await open(order, '&via=points&trouble=coins_not_usable')).text).toContain('No coins were taken');
    expect(await coinBalance(db, order.userId ?? 0)).toBe(80);
  });

  test('takes a press for no gateway', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    await send(order, '/pay/alipay', {}).expect(405);
    await send(order, '/pay/nobody', {}).expect(404);
    await pay(order, 'nobody').expect(404);
  });
});

describe('a red-packet code', () => {
  const packetOf = (order: Order) =>
    row<{ id: number; state: string; text: string }>(
      db,
      'select id, state, c::text as text from redpacket_codes c where order_id = :id order by id desc limit 1',
      { id: order.id },
    );

  test('is asked for, kept sealed and waited for, and nothing else is offered meanwhile', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    expect((await pay(order, 'redpacket').expect(303)).headers.location).toContain('via=redpacket');
    const form = await open(order, '&via=redpacket');
    expect(form.text).toContain('<label for="code">');
    expect(form.text).toContain('of exactly CN¥19.90');
    // Nobody's typing is thrown away by a reload.
    expect(form.text).not.toContain('http-equiv="refresh"');
    await send(order, '/redpacket', { code: ' 恭喜发财99 ' }).expect(303);
    expect((await packetOf(order))?.text).not.toContain('恭喜');
    const { text } = await open(order);
    expect(text).toContain('Your code has arrived');
    expect(text).not.toContain('/pay/');
    expect(text).not.toContain('is not final yet');
    const { id } = (await packetOf(order)) as { id: number };
    expect((await send(order, '/redpacket', { code: '改正的口令' })).headers.location).not.toContain('trouble');
    expect(await claimRedPacketCode(anAppWith().operations, { id, operator: 'anna' })).toMatchObject({
      code: '改正的口令',
    });
    const late = await send(order, '/redpacket', { code: '另一个口令' });
    expect(late.headers.location).toContain('trouble=code_not_taken');
    const shown = (await open(order, '&via=redpacket&trouble=code_not_taken')).text;
    expect(shown).toContain('has the earlier code already');
    expect(shown).not.toContain('<label for="code">');
  });

  test('that cannot be one is said to be wrong', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    const reply = await send(order, '/redpacket', { code: 'abc' });
    expect(reply.headers.location).toContain('trouble=bad_redpacket_code');
    const { text } = await open(order, '&via=redpacket&trouble=bad_redpacket_code');
    expect(text).toContain('4 to 64 characters');
    expect(text).toContain('aria-invalid="true"');
  });

  test('that was rejected is told with its reason, and another one may come', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    const { operations } = anAppWith();
    await send(order, '/redpacket', { code: '第一个口令' });
    const id = (await packetOf(order))?.id ?? 0;
    await claimRedPacketCode(operations, { id, operator: 'op' });
    await rejectRedPacket(operations, { id, operator: 'op', reason: '<b>leer</b>' });
    const { text } = await open(order);
    expect(text).toContain('&#60;b&#62;leer&#60;/b&#62;');
    expect(text).toContain('<label for="code">');
    await send(order, '/redpacket', { code: '第二个口令' });
    expect((await packetOf(order))?.state).toBe('waiting');
  });

  test('goes through the API as well, with the link’s token only', async () => {
    const order = await anUnpaidOrder(db, { paymentId: null });
    const { app, operations } = anAppWith();
    const path = `/api/order/${order.orderNo}/redpacket`;
    const token = orderLinkToken(testSettings, order.orderNo);
    await request(app).post(path).send({ code: '恭喜发财88' }).expect(401);
    await request(app)
      .post(path)
      .send({ code: '恭喜发财88', token: `${token}x` })
      .expect(401);
    await request(app).post(`/api/order/REPORT_20261121_ZZZZZZZZ/redpacket?t=${token}`).send({ code: 'x' }).expect(404);
    expect((await request(app).post(`${path}?t=${token}`).send({}).expect(422)).body.error.field).toBe('code');
    expect((await request(app).post(`${path}?t=${token}`).send({ code: 'abc' }).expect(422)).body.error.field).toBe(
      'code',
    );
    const waiting = { success: true, data: { order_no: order.orderNo, status: 'waiting', taken: true } };
    for (let n = 0; n < 2; n += 1)
      expect((await request(app).post(`${path}?t=${token}`).send({ code: '恭喜发财88' }).expect(200)).body).toEqual(
        waiting,
      );
    const other = () =>
      request(app).post(path).set('Authorization', `Bearer ${token}`).send({ code: '别的口令' }).expect(200);
    // It corrects the one before, until an operator has it.
    expect((await other()).body).toEqual(waiting);
    const id = (await packetOf(order))?.id ?? 0;
    await claimRedPacketCode(operations, { id, operator: 'op' });
    const late = await request(app).post(`${path}?t=${token}`).send({ code: '恭喜发财88' }).expect(200);
    expect(late.body.data).toEqual({ order_no: order.orderNo, status: 'waiting', taken: false });
    await acceptRedPacket(operations, { id, operator: 'op', amount: order.amount });
    const accepted = await request(app).post(path).send({ code: '恭喜发财88', t: token }).expect(200);
    expect(accepted.body.data.status).toBe('accepted');
    expect((await findOrder(db, order.orderNo))?.status).toBe('paid');
  });
});

describe('a buyer of the shop', () => {
  test.each([
    ['unpaid', []],
    ['paid', [`status = 'paid', paid_at = now()`]],
    ['being written', [`status = 'paid', paid_at = now()`, `status = 'generating'`]],
  ])('who has no chat is not sent to one while the order is %s', async (_state, changes) => {
    const order = await aShopOrder();
    for (const change of changes) await changed(db, `update orders set ${change} where id = :id`, { id: order.id });
    const { app } = anAppWith();
    for (const lang of ['zh-CN', 'zh-TW', 'en'])
      for (const address of [own(order), `/order/${order.orderNo}?`, `/order/${order.orderNo}?t=x`]) {
        const { text } = await request(app).get(`${address}&lang=${lang}`.replace('&lang=en&', '&'));
        expect(text).not.toMatch(/聊天|\bchat\b/);
      }
  });
});

describe('asking for the money back', () => {
  test('is a link, then a form with the rule, then an answer', async () => {
    const order = await aPaidOrder(db);
    const first = await open(order);
    expect(first.text).toContain('Ask for the money back');
    expect(first.text).not.toContain('<textarea');
    const form = await open(order, '&ask=refund');
    expect(form.text).toContain('<textarea id="reason"');
    expect(form.text).not.toContain('http-equiv="refresh"');
    const reply = await send(order, '/refund', { reason: 'changed my mind' }).expect(303);
    expect(reply.headers.location).toContain('refund=requested');
    expect((await open(order, '&refund=requested')).text).toContain('Refund under way');
    const refunds = await rows(db, 'select 1 from refund_records where order_id = :id', { id: order.id });
    expect(refunds).toHaveLength(1);
    await send(order, '/refund', { reason: 'again' }).expect(303);
    expect(await rows(db, 'select 1 from refund_records where order_id = :id', { id: order.id })).toHaveLength(1);
  });

  test('goes through the API as well', async () => {
    const order = await aPaidOrder(db);
    const { app } = anAppWith();
    const path = `/api/order/${order.orderNo}/refund-request`;
    const token = orderLinkToken(testSettings, order.orderNo);
    await request(app).post(path).send({ reason: 'x' }).expect(401);
    expect((await request(app).post(`${path}?t=${token}`).send({}).expect(422)).body.error.field).toBe('reason');
    const { body } = await request(app).post(`${path}?t=${token}`).send({ reason: 'changed my mind' }).expect(200);
    expect(body.data).toMatchObject({ order_no: order.orderNo, outcome: 'requested', refund_status: 'requested' });
  });

  test('is not offered where nothing was paid or nothing is left', async () => {
    expect((await open(await anUnpaidOrder(db))).text).not.toContain('Ask for the money back');
    const free = await completed(db, await anUnpaidOrder(db, { slug: 'tarot-free' }));
    expect((await open(free)).text).not.toContain('Ask for the money back');
  });
});

describe('where is my payment', () => {
  const ask = (order: Order, gateway: GatewayInMemory) =>
    request(anApp(db, { operations: operationsWith(db, [gateway]) }).app).get(own(order, '', '&back=1'));

  test('asks the gateway and says that nothing came yet', async () => {
    const order = await aShopOrder();
    await pay(order, 'alipay');
    expect((await ask(order, alipay)).text).toContain('no payment has arrived yet');
    alipay.down = true;
    expect((await ask(order, alipay)).text).toContain('does not answer right now');
    alipay.down = false;
    alipay.states.set(order.orderNo, 'paid');
    expect((await ask(order, alipay)).text).toContain('Your payment has arrived');
  });

  test('asks at most once in ten seconds, however often the page is loaded', async () => {
    const order = await aShopOrder();
    await pay(order, 'alipay');
    const { app } = anAppWith();
    await request(app).get(own(order, '', '&back=1'));
    alipay.states.set(order.orderNo, 'paid');
    expect((await request(app).get(own(order, '', '&back=1'))).text).toContain('no payment has arrived yet');
  });

  test('is offered for an order that ended unpaid', async () => {
    const order = await anUnpaidOrder(db);
    await changed(db, `update orders set status = 'expired' where id = :id`, { id: order.id });
    expect((await open(order)).text).toContain('I have paid: check now');
  });
});

describe('POST /api/oxapay-payment', () => {
  test('opens the invoice of an order, the same again', async () => {
    const oxapay = new GatewayInMemory('oxapay');
    const { app } = anApp(db, { operations: operationsWith(db, [oxapay]) });
    const order = await anUnpaidOrder(db, { paymentId: null });
    const ask = () => request(app).post('/api/oxapay-payment').send({ order_no: order.orderNo }).expect(200);
    const { body } = await ask();
    expect(body).toEqual({
      success: true,
      data: {
        order_no: order.orderNo,
        track_id: `oxapay-${order.orderNo}`,
        payment_url: `https://oxapay.example/oxapay-${order.orderNo}`,
        expires_at: order.expiresAt.toISOString(),
      },
    });
    expect((await ask()).body).toEqual(body);
    expect(oxapay.created).toHaveLength(1);
    expect(oxapay.created[0]?.amount).toEqual({ minor: 2_850_000, currency: 'USDT' });
  });

  test('refuses what cannot be paid', async () => {
    const { app } = anAppWith();
    const ask = (body: object) => request(app).post('/api/oxapay-payment').send(body);
    expect((await ask({}).expect(422)).body.error.field).toBe('order_no');
    await ask({ order_no: 'nothing' }).expect(404);
    expect((await ask({ order_no: (await anUnpaidOrder(db)).orderNo }).expect(409)).body.error.code).toBe(
      'provider_not_offered',
    );
  });
});

describe('the page of an order', () => {
  test('with money that fits no order says so, and offers no way to pay again', async () => {
    const order = await anUnpaidOrder(db);
    await changed(
      db,
      `insert into held_payments (provider, gateway_order_id, payment_key, order_id, amount_minor, currency, verdict) values ('alipay', :orderNo, :orderNo, :id, 5, 'CNY', 'amount_mismatch')`,
      { orderNo: order.orderNo, id: order.id },
    );
    const { text } = await open(order).expect(200);
    expect(text).toContain('Your payment is being looked at');
    expect(text).not.toContain('/pay/alipay');
  });

  test('opens whole for who is signed in and owns it, and for nobody else who is', async () => {
    const { operations, app } = anAppWith();
    const [mine, theirs] = [await anUnpaidOrder(db), await anUnpaidOrder(db)];
    const expiresAt = new Date(operations.clock.now().getTime() + 60_000);
    const cookie = `mingdan_session=${sessionToken(testSettings.secretKeys, { userId: mine.userId ?? 0, name: null, expiresAt })}`;
    const seen = async (order: Order) =>
      (await request(app).get(`/order/${order.orderNo}?lang=en`).set('Cookie', cookie)).text;
    expect(await seen(mine)).toContain('/pay/alipay');
    expect(await seen(theirs)).not.toContain('/pay/alipay');
  });
});
