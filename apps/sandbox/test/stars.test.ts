import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Sandbox, Update } from '../src/index.ts';
import { BOT_TOKEN, eventually, sandbox } from './harness.ts';

const BUYER = 1001;
const OTHER = 1002;
const PAYLOAD = 'REPORT_20261121_7K3M9QXA';
const invoice = {
  title: '八字精批',
  description: '订单',
  payload: PAYLOAD,
  provider_token: '',
  currency: 'XTR',
  prices: [{ label: '八字精批', amount: 150 }],
};

let world: Sandbox;
let polling: AbortController;
let heard: Update[];
/** what the bot answers to a pre-checkout query; null: nothing */
let answer: { ok: boolean; error_message?: string } | null;

async function call(method: string, body: object, of: Sandbox = world) {
  const reply = await fetch(`${of.telegramApiRoot}/bot${BOT_TOKEN}/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return JSON.parse(await reply.text());
}

/** A bot that listens to everything. */
async function listen(): Promise<void> {
  let offset = 0;
  const kinds = ['message', 'pre_checkout_query', 'subscription'];
  while (!polling.signal.aborted) {
    const { result = [] } = await call('getUpdates', { offset, timeout: 1, allowed_updates: kinds });
    for (const update of result) {
      offset = update.update_id + 1;
      heard.push(update);
      if (update.pre_checkout_query && answer)
        await call('answerPreCheckoutQuery', { pre_checkout_query_id: update.pre_checkout_query.id, ...answer });
    }
  }
}

let listening: Promise<void>;
beforeAll(async () => {
  world = await sandbox();
  world.control.faults.set({ telegram: { limits: { on: false } } });
  polling = new AbortController();
  listening = listen();
});
beforeEach(() => {
  heard = [];
  answer = { ok: true };
  world.control.telegram.start(BUYER);
  world.control.telegram.start(OTHER);
});
afterEach(async () => {
  world.control.telegram.stars.setPreCheckoutMs(10_000);
  // What one test left on its way must not be heard in the next.
  await eventually(() => world.control.telegram.pendingUpdates() === 0);
});
afterAll(async () => {
  polling.abort();
  await listening;
  await world.close();
});

const stars = () => world.control.telegram.stars;
const payments = () => heard.flatMap(({ message }) => message?.successful_payment ?? []);
const paidOnce = async (): Promise<string> => {
  await call('sendInvoice', { chat_id: BUYER, ...invoice });
  const outcome = await stars().pay(BUYER);
  if (!outcome.paid) throw new Error(outcome.message);
  return outcome.chargeId;
};

describe('an invoice', () => {
  test('stands in the chat with its price, and its payload stays with Telegram', async () => {
    const { result } = await call('sendInvoice', { chat_id: BUYER, ...invoice, start_parameter: 'buy_x' });
    expect(result.invoice).toEqual({
      title: '八字精批',
      description: '订单',
      start_parameter: 'buy_x',
      currency: 'XTR',
      total_amount: 150,
    });
    expect(JSON.stringify(result)).not.toContain(PAYLOAD);
  });

  test.each([
    ['another currency', { currency: 'CNY' }, 'PAYMENT_PROVIDER_INVALID'],
    ['a provider token', { provider_token: 'x' }, 'STARS_INVOICE_INVALID'],
    ['two prices', { prices: [...invoice.prices, ...invoice.prices] }, 'STARS_INVOICE_INVALID'],
    ['a part of a Star', { prices: [{ label: 'x', amount: 1.5 }] }, 'CURRENCY_TOTAL_AMOUNT_INVALID'],
    ['a long title', { title: 'x'.repeat(33) }, 'INVOICE_TITLE_INVALID'],
    ['a long description', { description: 'x'.repeat(256) }, 'INVOICE_DESCRIPTION_INVALID'],
    ['a long payload', { payload: '单'.repeat(43) }, 'INVOICE_PAYLOAD_INVALID'],
    ['another period than a month', { subscription_period: 60 }, 'SUBSCRIPTION_PERIOD_INVALID'],
  ])('%s is refused', async (_what, change, word) => {
    const answered = await call('createInvoiceLink', { ...invoice, ...change });
    expect(answered).toMatchObject({ ok: false, error_code: 400, description: `Bad Request: ${word}` });
  });

  test('has no text that could be edited, and can be deleted', async () => {
    const { result } = await call('sendInvoice', { chat_id: BUYER, ...invoice });
    const target = { chat_id: BUYER, message_id: result.message_id };
    expect(await call('editMessageText', { ...target, text: 'x' })).toMatchObject({ ok: false, error_code: 400 });
    expect(await call('deleteMessage', target)).toEqual({ ok: true, result: true });
  });
});

describe('paying', () => {
  test('asks the bot, moves the Stars, tells the bot and leaves a receipt', async () => {
    const before = stars().balance(BUYER);
    const had = stars().botBalance();
    await call('sendInvoice', { chat_id: BUYER, ...invoice });
    const outcome = await stars().pay(BUYER);
    expect(outcome).toEqual({ paid: true, chargeId: expect.any(String) });
    await eventually(() => payments().length > 0);
    expect(heard.find(({ pre_checkout_query }) => pre_checkout_query)?.pre_checkout_query).toMatchObject({
      from: { id: BUYER },
      currency: 'XTR',
      total_amount: 150,
      invoice_payload: PAYLOAD,
    });
    expect(payments()).toEqual([
      {
        currency: 'XTR',
        total_amount: 150,
        invoice_payload: PAYLOAD,
        telegram_payment_charge_id: outcome.paid && outcome.chargeId,
        provider_payment_charge_id: '',
      },
    ]);
    expect(stars().balance(BUYER)).toBe(before - 150);
    expect(stars().botBalance()).toBe(had + 150);
    expect((await stars().waitForInvoice(BUYER)).receipt).toBe(true);
    await expect(stars().pay(BUYER)).rejects.toThrow(/is paid/);
  });

  test('the bot says no in its own words, and nothing is taken', async () => {
    answer = { ok: false, error_message: '订单已过期' };
    const before = stars().balance(BUYER);
    await call('sendInvoice', { chat_id: BUYER, ...invoice });
    expect(await stars().pay(BUYER)).toEqual({ paid: false, by: 'bot', message: '订单已过期' });
    expect(stars().balance(BUYER)).toBe(before);
  });

  test('a bot that does not answer in time loses the purchase, and its late answer is refused', async () => {
    answer = null;
    stars().setPreCheckoutMs(100);
    await call('sendInvoice', { chat_id: BUYER, ...invoice });
    expect(await stars().pay(BUYER)).toMatchObject({ paid: false, by: 'timeout' });
    const asked = await eventually(() => heard.findLast(({ pre_checkout_query }) => pre_checkout_query));
    const late = { pre_checkout_query_id: asked.pre_checkout_query?.id, ok: true };
    expect((await call('answerPreCheckoutQuery', late)).description).toMatch(/query is too old/);
  });

  test('a second device pays again, somebody else pays a forwarded invoice, and a link is paid by whoever opens it', async () => {
    await paidOnce();
    await stars().pay(BUYER, { again: true });
    await stars().payFor(OTHER, BUYER);
    const { result: link } = await call('createInvoiceLink', invoice);
    expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/chat\?invoice=/);
    await stars().pay(OTHER, { link });
    await eventually(() => payments().length === 4);
    const payers = heard.flatMap(({ message }) => (message?.successful_payment ? [message.from.id] : []));
    expect(payers).toEqual([BUYER, BUYER, OTHER, OTHER]);
    expect(new Set(payments().map((one) => one.telegram_payment_charge_id)).size).toBe(4);
  });

  test('nobody pays with Stars that they do not have', async () => {
    await call('sendInvoice', { chat_id: BUYER, ...invoice, prices: [{ label: 'x', amount: 1_000_000 }] });
    await expect(stars().pay(BUYER)).rejects.toThrow(/not enough/);
    stars().topUp(BUYER, 1_000_000);
    expect(await stars().pay(BUYER)).toMatchObject({ paid: true });
  });

  test('an update can come twice under two numbers', async () => {
    const chargeId = await paidOnce();
    stars().repeat(chargeId);
    await eventually(() => payments().length === 2);
    expect(new Set(payments().map((one) => one.telegram_payment_charge_id))).toEqual(new Set([chargeId]));
  });
});

describe('giving back', () => {
  test('goes to the payer once, shows in the list under the same id, and the bot is told', async () => {
    const chargeId = await paidOnce();
    const before = stars().balance(BUYER);
    const refund = { user_id: BUYER, telegram_payment_charge_id: chargeId };
    expect(await call('refundStarPayment', refund)).toEqual({ ok: true, result: true });
    expect(stars().balance(BUYER)).toBe(before + 150);
    expect((await call('refundStarPayment', refund)).description).toBe('Bad Request: CHARGE_ALREADY_REFUNDED');
    const { result } = await call('getStarTransactions', { offset: 0, limit: 100 });
    const [payment, back] = result.transactions.slice(-2);
    expect(payment).toMatchObject({
      id: chargeId,
      amount: 150,
      source: { type: 'user', user: { id: BUYER }, invoice_payload: PAYLOAD },
    });
    expect(back).toMatchObject({ id: chargeId, amount: 150, receiver: { type: 'user' } });
    const told = await eventually(() => heard.find(({ message }) => message?.refunded_payment));
    expect(told.message?.refunded_payment).toMatchObject({ telegram_payment_charge_id: chargeId, total_amount: 150 });
  });

  test('is refused for a wrong person, an unknown charge and an empty account', async () => {
    const chargeId = await paidOnce();
    const refund = async (user: number, charge: string) =>
      (await call('refundStarPayment', { user_id: user, telegram_payment_charge_id: charge })).description;
    expect(await refund(OTHER, chargeId)).toMatch(/CHARGE_NOT_FOUND/);
    expect(await refund(BUYER, 'nothing')).toMatch(/CHARGE_NOT_FOUND/);
    expect(await refund(BUYER, '')).toMatch(/CHARGE_ID_EMPTY/);
    expect(await refund(4_242, chargeId)).toMatch(/USER_ID_INVALID/);
    const all = stars().botBalance();
    stars().withdraw(all);
    expect(await refund(BUYER, chargeId)).toMatch(/BALANCE_TOO_LOW/);
    stars().withdraw(-all);
    expect((await call('getMyStarBalance', {})).result).toEqual({ amount: all });
  });
});

test('a subscription is paid again by itself, and its end is told', async () => {
  const { result: link } = await call('createInvoiceLink', { ...invoice, subscription_period: 2_592_000 });
  const outcome = await stars().pay(BUYER, { link });
  const chargeId = outcome.paid ? outcome.chargeId : '';
  await eventually(() => payments().length === 1);
  expect(payments()[0]).toMatchObject({ is_recurring: true, is_first_recurring: true });
  const renewal = stars().renew(chargeId);
  await eventually(() => payments().length === 2);
  expect(payments()[1]).toMatchObject({ is_recurring: true, telegram_payment_charge_id: renewal });
  expect(payments()[1]?.is_first_recurring).toBeUndefined();
  stars().changeSubscription(chargeId, 'canceled');
  const told = await eventually(() => heard.find(({ subscription }) => subscription));
  expect(told.subscription).toMatchObject({ user: { id: BUYER }, invoice_payload: PAYLOAD, state: 'canceled' });
  const edit = { user_id: BUYER, telegram_payment_charge_id: chargeId, is_canceled: true };
  expect(await call('editUserStarSubscription', edit)).toEqual({ ok: true, result: true });
});

describe('the chat page', () => {
  const post = (path: string, body: unknown) =>
    fetch(`${world.url}/chat/api/people/${BUYER}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

  test('pays an invoice and puts Stars into an account', async () => {
    const { result } = await call('sendInvoice', { chat_id: BUYER, ...invoice });
    const before = stars().balance(BUYER);
    expect(await (await post('stars', { stars: 100 })).json()).toEqual({ stars: before + 100 });
    expect(await (await post('pay', { messageId: result.message_id })).json()).toMatchObject({ paid: true });
    expect((await post('pay', { messageId: result.message_id })).status).toBe(409);
    expect((await post('pay', { link: 'nonsense' })).status).toBe(409);
  });
});

test('a restart keeps balances, open invoices and what was paid', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mingdan-sandbox-'));
  const first = await sandbox({ dataDir });
  first.control.telegram.start(BUYER);
  first.control.telegram.stars.topUp(BUYER, 7);
  const balance = first.control.telegram.stars.balance(BUYER);
  await call('sendInvoice', { chat_id: BUYER, ...invoice }, first);
  await first.close();
  const second = await sandbox({ dataDir });
  expect(second.control.telegram.stars.balance(BUYER)).toBe(balance);
  second.control.telegram.stars.setPreCheckoutMs(50);
  expect(await second.control.telegram.stars.pay(BUYER)).toMatchObject({ paid: false, by: 'timeout' });
  await second.close();
  rmSync(dataDir, { recursive: true });
});
