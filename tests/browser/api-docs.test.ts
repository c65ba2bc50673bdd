import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { aPhone, opens, overflow, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

const KEY = 'the-api-key-of-this-page';
const TOKEN = 'the-operators-token-of-this-page';

describeInBrowser('the page of the API, on a phone', () => {
  let system: TestSystem;
  let browser: Browser;
  let phone: Phone;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    const keys = { API_KEY: KEY, ADMIN_TOKEN: TOKEN, API_REQUIRE_SIGNATURE: '1' };
    system = await startTestSystem({ PAYMENT_PROVIDERS: 'alipay', ...keys });
    phone = await aPhone(browser);
    page = await phone.context.newPage();
    await page.goto(`${system.botUrl}/api/docs?lang=en`);
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  /** Opens a call by its link in the walk. */
  async function call(id: string): Promise<Locator> {
    await page.locator(`a[href="#${id}"]`).click();
    return page.locator(`#${id}`);
  }

  async function send(opened: Locator): Promise<string> {
    await opened.getByRole('button', { name: 'Send' }).click();
    await opened.locator('[data-outcome]', { hasText: / ms\b/ }).waitFor();
    return `${await opened.locator('[data-outcome]').innerText()}\n${await opened.locator('[data-reply]').innerText()}`;
  }

  test('walks one order from the catalogue to the refund, its number carried along', async () => {
    await page.locator('#key-apiKey').fill(KEY);
    await page.locator('#key-adminToken').fill(TOKEN);
    await page.locator('#sign').check();
    expect(await send(await call('listProducts'))).toMatch(/^200[\s\S]*"slug": "bazi-basic"/);
    const order = await send(await call('createOrder'));
    const [orderNo] = /REPORT_\d{8}_\w{8}/.exec(order) ?? [];
    expect(order).toMatch(/^200[\s\S]*"payment_url": "http/);
    const play = await call('playPayment');
    expect(await play.locator('#playPayment-id').inputValue()).toBe(orderNo);
    // The stand-in knows this payment as soon as a buyer has opened its page.
    const gateway = await opens(phone, () => page.getByRole('link', { name: 'Open the payment page' }).click());
    await gateway.close();
    expect(await send(play)).toContain(`"order_no": "${orderNo}"`);
    const refund = await call('refundPayment');
    expect(await refund.locator('[data-body]').inputValue()).toContain(`"orderId": "${orderNo}"`);
    expect(await send(refund)).toMatch(/^200[\s\S]*"refund_id": "R-2026-77"/);
    expect(await send(await call('readOrderStatus'))).toMatch(/"refund_status": "(?:requested|pending|succeeded)"/);
  }, 60_000);

  test('lets operators send a test notice and read what is wrong with the settings', async () => {
    await page.locator('#key-adminToken').fill(TOKEN);
    expect(await send(await call('testTelegram'))).toMatch(/^200[\s\S]*"problems": /);
    expect(await send(await call('readSettings'))).toMatch(/^200[\s\S]*"payment_methods"/);
  });

  test('says that a body is no JSON, and sends nothing', async () => {
    const order = await call('createOrder');
    await order.locator('[data-body]').fill('{');
    await order.getByRole('button', { name: 'Send' }).click();
    expect(await order.locator('[data-outcome]').innerText()).toBe('The body is no JSON.');
  });

  test('shows events while they come, until it is told to stop', async () => {
    await page.locator('#watchOrder > summary').click();
    const watch = page.locator('#watchOrder');
    await watch.getByRole('button', { name: 'Send' }).click();
    await watch.locator('[data-reply]', { hasText: 'event: status' }).waitFor();
    const stop = watch.getByRole('button', { name: 'Stop' });
    if (await stop.isVisible()) await stop.click();
    await stop.waitFor({ state: 'hidden' });
  });

  test('keeps no key, and stays within the screen in both themes', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await overflow(page)).toBe(0);
    }
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    await page.reload();
    expect(await page.locator('#key-apiKey').inputValue()).toBe('');
    expect(phone.errors).toEqual([]);
  });
});
