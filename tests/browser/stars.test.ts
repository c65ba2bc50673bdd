import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/index.ts';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { aPhone, type Phone } from './support/phone.ts';

const TOKEN = '70001:test-token';
const BUYER = 1001;
const WITHIN_MS = 60_000;
const updates = z.array(
  z.looseObject({ update_id: z.number(), pre_checkout_query: z.looseObject({ id: z.string() }).optional() }),
);
const reply = z.looseObject({ result: z.unknown() });

describeInBrowser('an invoice in the chat of the sandbox, on a phone', () => {
  let sandbox: Sandbox;
  let browser: Browser;
  let listening: Promise<void>;
  const stop = new AbortController();
  /** what the bot answers before the Stars go */
  let answer: { ok: boolean; error_message?: string } = { ok: true };

  async function call(method: string, body: object): Promise<unknown> {
    const response = await fetch(`${sandbox.telegramApiRoot}/bot${TOKEN}/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return reply.parse(await response.json()).result;
  }

  async function listen(): Promise<void> {
    for (let offset = 0; !stop.signal.aborted; ) {
      for (const update of updates.parse(await call('getUpdates', { offset, timeout: 1 }))) {
        offset = update.update_id + 1;
        if (update.pre_checkout_query)
          await call('answerPreCheckoutQuery', { pre_checkout_query_id: update.pre_checkout_query.id, ...answer });
      }
    }
  }

  beforeAll(async () => {
    browser = await openBrowser();
    const log = createLogger({ process: 'test', level: 'silent' });
    sandbox = await startSandbox({ port: 0, botToken: TOKEN, deepseekApiKey: 'x', yuanfenjuApiKey: 'x', log });
    sandbox.control.telegram.start(BUYER);
    listening = listen();
  }, 90_000);

  afterAll(async () => {
    stop.abort();
    await listening;
    await browser?.close();
    await sandbox?.close();
  }, 60_000);

  const invoice = (stars: number) => ({
    title: '八字精批',
    description: '订单 REPORT_20261121_7K3M9QXA，请在 30 分钟内付款。',
    payload: 'REPORT_20261121_7K3M9QXA',
    currency: 'XTR',
    prices: [{ label: '八字精批', amount: stars }],
  });

  async function chat(phone: Phone, address = `${sandbox.url}/chat?user=${BUYER}`) {
    const page = await phone.context.newPage();
    await page.goto(address);
    return (id: string) => page.getByTestId(id);
  }

  test(
    'is refused in the words of the bot, then paid, and shows its receipt',
    async () => {
      await call('sendInvoice', { chat_id: BUYER, ...invoice(150) });
      const phone = await aPhone(browser, 'zh-CN');
      const see = await chat(phone);
      await see('pay-button').click();
      expect(await see('invoice-balance').innerText()).toContain('5000');
      answer = { ok: false, error_message: '这个订单已过期或取消，没有扣款。' };
      await see('invoice-pay').click();
      await see('invoice-problem').getByText('这个订单已过期').waitFor();
      answer = { ok: true };
      await see('invoice-pay').click();
      await see('receipt-button').waitFor();
      await see('feed').getByText('你已向').waitFor();
      await see('receipt-button').click();
      await see('invoice-paid').waitFor();
      expect(await see('invoice-balance').innerText()).toContain('4850');
      expect(await see('invoice-pay').isVisible()).toBe(false);
      expect(phone.errors).toEqual([]);
      await phone.context.close();
    },
    WITHIN_MS,
  );

  test(
    'can be left again, and who has too few Stars adds some on the way',
    async () => {
      const link = z.string().parse(await call('createInvoiceLink', invoice(5_500)));
      const phone = await aPhone(browser, 'zh-CN');
      const see = await chat(phone, `${link}&user=${BUYER}`);
      await see('invoice-top-up').click();
      await see('invoice-pay').waitFor();
      const before = sandbox.control.telegram.stars.balance(BUYER);
      await see('invoice-cancel').click();
      expect(await see('invoice-sheet').isVisible()).toBe(false);
      expect(sandbox.control.telegram.stars.balance(BUYER)).toBe(before);
      expect(phone.errors).toEqual([]);
      await phone.context.close();
    },
    WITHIN_MS,
  );
});
