import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, row, rows } from '@mingdan/db';
import { paymentMessageEdits } from '@mingdan/fulfilment';
import { createLogger } from '@mingdan/kernel';
import { orderLink } from '@mingdan/operations';
import { findOrder, type Order, rememberTelegramUser } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder } from '@mingdan/orders/testing';
import { dueMessages, type Message, openPayload } from '@mingdan/outbox';
import { createTelegram, telegramChannel } from '../../src/telegram/index.ts';
import { webhookSecret } from '../../src/telegram/updates/webhook.ts';
import { aWorld, Person, texts, type World } from './given/world.ts';

let world: World;
beforeAll(async () => {
  world = await aWorld({ offered: ['pingpong', 'stars'] });
  world.startBot();
});
afterAll(() => world.end());
beforeEach(() => {
  world.api.calls.length = 0;
});

const STARS = 150;

async function aBuyer(languageCode?: string): Promise<{ person: Person; order: Order }> {
  const person = new Person(world, languageCode);
  const language = languageCode === 'en' ? 'en' : 'zh-CN';
  const user = await rememberTelegramUser(world.database.db, { telegramId: person.id, language });
  const { id, orderNo } = await anUnpaidOrder(world.database.db, { userId: user.id });
  await changed(world.database.db, 'update orders set amount_stars = :STARS where id = :id', { STARS, id });
  await attempt(id, orderNo);
  return { person, order: await world.order(orderNo) };
}

async function attempt(id: number, gatewayOrderId: string): Promise<void> {
  await changed(
    world.database.db,
    `insert into payment_attempts (order_id, provider, method, gateway_order_id, amount_minor, currency)
     values (:id, 'stars', 'STARS_INVOICE', :gatewayOrderId, :STARS, 'XTR')`,
    { id, gatewayOrderId, STARS },
  );
}

const paid = (payload: string, charge: string, more: object = {}) => ({
  successful_payment: {
    currency: 'XTR',
    total_amount: STARS,
    invoice_payload: payload,
    telegram_payment_charge_id: charge,
    provider_payment_charge_id: '',
    ...more,
  },
});

const answers = () =>
  world.api.calls.filter(({ method }) => method === 'answerPreCheckoutQuery').map(({ payload }) => payload);
const notice = (eventId: string) =>
  row(world.database.db, 'select kind, verdict, repeats from payment_notifications where event_id = :eventId', {
    eventId,
  });
const refundsOf = (order: Order) =>
  rows<{ reason: string }>(world.database.db, 'select reason from refund_records where order_id = :id', {
    id: order.id,
  });

describe('before Telegram takes the Stars', () => {
  test('the buyer of an open order may pay it', async () => {
    const { person, order } = await aBuyer();
    expect(await person.asksToPay(order.orderNo, STARS)).toBe('done');
    expect(answers()).toEqual([expect.objectContaining({ ok: true })]);
  });

  test('a second try is allowed while nothing is paid', async () => {
    const { person, order } = await aBuyer();
    await person.asksToPay(order.orderNo, STARS);
    await person.asksToPay(order.orderNo, STARS);
    expect(answers().map(({ ok }) => ok)).toEqual([true, true]);
  });

  test('somebody else may not, and reads why in their own language', async () => {
    const { order } = await aBuyer();
    await new Person(world, 'en').asksToPay(order.orderNo, STARS);
    expect(answers()).toEqual([
      expect.objectContaining({ ok: false, error_message: texts.t('en', 'stars.refuse_other_buyer') }),
    ]);
  });

  test.each([
    ['another amount', 'refuse_amount', (person: Person, order: Order) => person.asksToPay(order.orderNo, STARS - 1)],
    [
      'another currency',
      'refuse_amount',
      (person: Person, order: Order) => person.asksToPay(order.orderNo, STARS, 'USD'),
    ],
    ['a payload that is no order', 'refuse_unknown', (person: Person) => person.asksToPay('nonsense', STARS)],
    [
      'an attempt that was never made',
      'refuse_unknown',
      (person: Person, order: Order) => person.asksToPay(`${order.orderNo}-2`, STARS),
    ],
  ])('%s is refused', async (_what, key, ask) => {
    const { person, order } = await aBuyer();
    await ask(person, order);
    expect(answers()).toEqual([
      expect.objectContaining({ ok: false, error_message: texts.t('zh-CN', `stars.${key}`) }),
    ]);
  });

  test.each([
    ['paid', 'refuse_paid', `status = 'paid', paid_at = now()`],
    ['cancelled', 'refuse_ended', `status = 'expired', status_reason = 'cancelled'`],
    ['over', 'refuse_ended', `expires_at = now() - interval '1 minute'`],
    ['being paid at another gateway', 'refuse_on_its_way', 'payment_seen_at = now()'],
  ])('an order that is %s is refused', async (_what, key, change) => {
    const { person, order } = await aBuyer();
    await changed(world.database.db, `update orders set ${change} where id = :id`, { id: order.id });
    await person.asksToPay(order.orderNo, STARS);
    expect(answers()).toEqual([
      expect.objectContaining({ ok: false, error_message: texts.t('zh-CN', `stars.${key}`) }),
    ]);
  });

  test('a query whose time is over is not tried again', async () => {
    const { person, order } = await aBuyer();
    const late = {
      ok: false,
      error_code: 400,
      description: 'Bad Request: query is too old and response timeout expired',
    };
    world.api.fail('answerPreCheckoutQuery', 400, late);
    expect(await person.asksToPay(order.orderNo, STARS)).toBe('done');
    expect(answers()).toEqual([]);
  });

  test('it is answered while the chat of the buyer is busy', async () => {
    const { person, order } = await aBuyer();
    const { checkPayment } = world.acts;
    const busy = new Promise<void>((release) => {
      world.acts.checkPayment = async (...args) => {
        await person.asksToPay(order.orderNo, STARS);
        release();
        return checkPayment(...args);
      };
    });
    const pressed = person.presses(`check:${order.orderNo}`);
    await busy;
    expect(answers()).toEqual([expect.objectContaining({ ok: true })]);
    await pressed;
    world.acts.checkPayment = checkPayment;
  });
});

describe('when Stars have come', () => {
  test('the order is paid by its charge, once, however often it is told', async () => {
    const { person, order } = await aBuyer();
    await person.hasMoved(paid(order.orderNo, 'stx-once'));
    await person.hasMoved(paid(order.orderNo, 'stx-once'));
    expect(await world.order(order.orderNo)).toMatchObject({ status: 'paid', provider: 'stars' });
    expect(await notice('paid:stx-once')).toEqual({ kind: 'paid', verdict: 'paid', repeats: 1 });
    expect(await refundsOf(order)).toEqual([]);
  });

  test('nothing is said to it: the worker tells what becomes of the order', async () => {
    const { person, order } = await aBuyer();
    await person.hasMoved(paid(order.orderNo, 'stx-silent'));
    expect(person.heard).toEqual([]);
  });

  test('a second charge of the same order goes back', async () => {
    const { person, order } = await aBuyer();
    await person.hasMoved(paid(order.orderNo, 'stx-a'));
    await person.hasMoved(paid(order.orderNo, 'stx-b'));
    expect(await refundsOf(order)).toEqual([{ reason: 'second_payment' }]);
  });

  test('another amount than asked for flips nothing and waits for the operators', async () => {
    const { person, order } = await aBuyer();
    await person.hasMoved(paid(order.orderNo, 'stx-less', { total_amount: 1 }));
    expect(await world.order(order.orderNo)).toMatchObject({ status: 'pending_payment' });
    expect(await notice('paid:stx-less')).toMatchObject({ verdict: 'amount_mismatch' });
  });

  test('the renewal of a subscription is held, and never given back as a second payment', async () => {
    const { person, order } = await aBuyer();
    await person.hasMoved(paid(order.orderNo, 'stx-first', { is_recurring: true, is_first_recurring: true }));
    expect(await world.order(order.orderNo)).toMatchObject({ status: 'paid' });
    await person.hasMoved(paid(order.orderNo, 'stx-renewal', { is_recurring: true }));
    expect(await notice('paid:stx-renewal')).toMatchObject({ verdict: 'subscription_renewal' });
    expect(await refundsOf(order)).toEqual([]);
    const held = await row(
      world.database.db,
      `select amount_minor::int as amount, status from held_payments where payment_key = 'stx-renewal'`,
    );
    expect(held).toEqual({ amount: STARS, status: 'held' });
  });

  test('a subscription that was ended is written down and moves nothing', async () => {
    const { person, order } = await aBuyer();
    expect(await person.changesSubscription(order.orderNo, 'canceled')).toBe('done');
    const kept = await row(
      world.database.db,
      `select kind, verdict from payment_notifications where order_no = :orderNo and event_id like 'subscription:canceled:%'`,
      { orderNo: order.orderNo },
    );
    expect(kept).toEqual({ kind: 'pending', verdict: 'noted' });
  });

  test('Stars that were given back elsewhere take their part of the payment', async () => {
    const { person, order } = await aBuyer();
    await person.hasMoved(paid(order.orderNo, 'stx-back'));
    const { successful_payment: refunded_payment } = paid(order.orderNo, 'stx-back');
    await person.hasMoved({ refunded_payment });
    expect(await notice('refunded:stx-back')).toMatchObject({ verdict: 'refunded_at_gateway' });
    expect(await refundsOf(order)).toEqual([{ reason: 'made_at_gateway' }]);
  });

  test('being told of our own refund changes nothing', async () => {
    const { person, order } = await aBuyer();
    await person.hasMoved(paid(order.orderNo, 'stx-ours'));
    await row(world.database.db, `select request_refund_of_payment('stars', 'stx-ours', 'refund_asked', 'buyer')`);
    const { successful_payment: refunded_payment } = paid(order.orderNo, 'stx-ours');
    await person.hasMoved({ refunded_payment });
    expect(await notice('refunded:stx-ours')).toMatchObject({ verdict: 'noted' });
    expect(await refundsOf(order)).toHaveLength(1);
  });
});

describe('the invoice in the chat', () => {
  const waiting = async (order: Order): Promise<Message | undefined> => {
    const due = (await dueMessages(world.database.db, 1000)).find(({ orderId }) => orderId === order.id);
    return due && openPayload(world.deps.vault, due);
  };

  test('a way to pay is named by its own name, with its price where that is another currency', async () => {
    const { person, order } = await aBuyer();
    await person.presses(`order:${order.orderNo}`);
    const labels = person.heard
      .at(-1)
      ?.payload.reply_markup?.inline_keyboard.flat()
      .map(({ text }) => text);
    expect(labels?.slice(0, 2)).toEqual(['去付款 · PingPong 支付', '去付款 · Telegram Stars · 150 ⭐']);
  });

  test('who chooses Stars gets an invoice with the refund rule, and no link', async () => {
    const { person, order } = await aBuyer();
    const { startPayment } = world.acts;
    world.acts.startPayment = async (deps, wish) => ({
      ...(await startPayment(deps, wish)),
      amount: { minor: STARS, currency: 'XTR' },
    });
    await person.presses(`pay:stars:${order.orderNo}`);
    world.acts.startPayment = startPayment;
    expect(await waiting(order)).toEqual({
      template: 'payment_request_invoice',
      params: { orderNo: order.orderNo, minutes: expect.any(Number), refundRule: 'report' },
      invoice: { payload: order.orderNo, stars: STARS, title: order.productNames, startParameter: 'buy_bazi-basic' },
    });
  });

  test('the invoice names the attempt that is open', async () => {
    const { person, order } = await aBuyer();
    await changed(
      world.database.db,
      `update payment_attempts set status = 'closed' where order_id = :id and provider = 'stars'`,
      { id: order.id },
    );
    await attempt(order.id, `${order.orderNo}-2`);
    await person.presses(`pay:stars:${order.orderNo}`);
    expect((await waiting(order))?.invoice?.payload).toBe(`${order.orderNo}-2`);
    await person.asksToPay(order.orderNo, STARS);
    expect(answers()).toEqual([expect.objectContaining({ ok: false })]);
  });

  test('every way to pay says the refund rule before the money goes', async () => {
    const { person, order } = await aBuyer();
    await person.presses(`pay:pingpong:${order.orderNo}`);
    expect(await waiting(order)).toMatchObject({ params: { refundRule: 'report' } });
  });

  test('a gateway that gives a code to scan is reached by the link of our own page that opens this very way', async () => {
    const { person, order } = await aBuyer();
    const { startPayment } = world.acts;
    world.acts.startPayment = async (deps, wish) => ({
      ...(await startPayment(deps, wish)),
      paymentUrl: null,
      qrCode: 'weixin://wxpay/bizpayurl?pr=x',
    });
    await person.presses(`pay:pingpong:${order.orderNo}`);
    world.acts.startPayment = startPayment;
    expect((await waiting(order))?.buttons).toEqual([
      [{ label: 'pay', url: orderLink(world.deps.settings, order.orderNo).replace('?', '/pay/pingpong?') }],
    ]);
  });

  test('with CHAT_STARS_ONLY nothing but Stars is offered in chat', async () => {
    const only = await aWorld({ offered: ['pingpong', 'stars'], chatStarsOnly: true, starsByRate: true });
    only.startBot();
    const person = new Person(only);
    const user = await rememberTelegramUser(only.database.db, { telegramId: person.id, language: 'zh-CN' });
    const order = await anUnpaidOrder(only.database.db, { userId: user.id });
    await person.presses(`order:${order.orderNo}`);
    expect(person.buttons.filter((data) => data.startsWith('pay:'))).toEqual([`pay:stars:${order.orderNo}`]);
    await person.presses(`pay:pingpong:${order.orderNo}`);
    expect(only.asked.filter(({ act }) => act === 'startPayment').map(({ detail }) => detail)).toEqual(['stars']);
    await only.end();
  });
});

describe('sending it', () => {
  const log = createLogger({ process: 'test', level: 'silent' });
  const limits = { chatIntervalMs: 0, chatBurst: 1000, allIntervalMs: 0, allBurst: 1000 };
  const channel = () => {
    const telegram = createTelegram({ ...world.settings, db: world.database.db, log, limits });
    return telegramChannel(telegram, texts, 'zh-CN');
  };
  const send = (message: Message, edits: number | null = null) =>
    channel().send(7_777, 'en', message, edits, new AbortController().signal);
  const params = { orderNo: 'REPORT_20261121_7K3M9QXA', product: 'Bazi', amount: '150 Stars' };
  const did = () => world.api.calls.filter(({ payload }) => payload.chat_id === 7_777).map(({ method }) => method);

  test('an invoice goes out in whole Stars, in the language of the buyer, with the refund rule', async () => {
    const title = { 'zh-CN': '八字', en: 'A very long name of a report about bazi' };
    const invoice = { payload: params.orderNo, stars: STARS, title, startParameter: 'buy_bazi-basic' };
    const message = {
      template: 'payment_request_invoice',
      params: { orderNo: params.orderNo, minutes: 30, refundRule: 'report' },
      invoice,
    } as const;
    const { messageId } = await send(message);
    expect(messageId).toEqual(expect.any(Number));
    const [call] = world.api.calls.filter(({ method }) => method === 'sendInvoice');
    expect(call?.payload).toMatchObject({
      title: 'A very long name of a report ab…',
      description: expect.stringContaining(texts.t('en', 'refund_rules.report')),
      payload: params.orderNo,
      provider_token: '',
      currency: 'XTR',
      prices: [{ amount: STARS }],
      start_parameter: 'buy_bazi-basic',
    });
  });

  test('a paid invoice is left: Telegram shows the receipt', async () => {
    expect(await send({ template: 'payment_request_paid', params, replaces: 'receipt' }, 5)).toEqual({
      messageId: null,
    });
    expect(did()).toEqual([]);
  });

  test('an invoice of an order that is over goes, and what became of the order is said', async () => {
    await send({ template: 'payment_request_expired', params, replaces: 'invoice' }, 5);
    expect(did()).toEqual(['deleteMessage', 'sendMessage']);
  });

  test('an invoice of an order that was paid another way goes without a word', async () => {
    await send({ template: 'payment_request_paid', params, replaces: 'invoice' }, 5);
    expect(did()).toEqual(['deleteMessage']);
  });

  test('an invoice that cannot be deleted any more is no error', async () => {
    const refusal = { ok: false, error_code: 400, description: "Bad Request: message can't be deleted for everyone" };
    world.api.fail('deleteMessage', 400, refusal);
    await expect(send({ template: 'payment_request_cancelled', params, replaces: 'invoice' }, 5)).resolves.toEqual({
      messageId: expect.any(Number),
    });
  });
});

test('Telegram is asked for these updates, while polling and by webhook', async () => {
  const hook = await aWorld({ settings: { mode: 'webhook' } });
  hook.startBot();
  for (let tries = 0; tries < 100 && !hook.api.calls.some(({ method }) => method === 'setWebhook'); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const set = hook.api.calls.find(({ method }) => method === 'setWebhook')?.payload;
  const wanted = expect.arrayContaining(['message', 'pre_checkout_query', 'subscription']);
  expect(set).toMatchObject({
    allowed_updates: wanted,
    secret_token: webhookSecret('a-secret-key-of-thirty-two-characters'),
  });
  await hook.end();
  const person = new Person(world);
  await person.types('/help');
  expect(world.api.calls.find(({ method }) => method === 'getUpdates')?.payload).toMatchObject({
    allowed_updates: wanted,
  });
});

test('the messages of an order paid with Stars leave its invoice alone', async () => {
  const { person, order } = await aBuyer();
  await person.hasMoved(paid(order.orderNo, 'stx-edits'));
  const now = (await findOrder(world.database.db, order.orderNo)) ?? order;
  const edits = await paymentMessageEdits(world.database.db, now, 'paid');
  const replaces = Object.fromEntries(
    edits.map(({ edits: key = '', message }) => [key.split(':')[2], message.replaces]),
  );
  expect(replaces).toEqual({ pingpong: undefined, stars: 'receipt' });
  const other = await aPaidOrder(world.database.db);
  await attempt(other.id, other.orderNo);
  const ended = await paymentMessageEdits(world.database.db, other, 'paid');
  expect(ended.find(({ edits }) => edits?.endsWith(':stars'))?.message.replaces).toBe('invoice');
});
