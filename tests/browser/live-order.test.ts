import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { type ServerProxy, startProxy } from '../support/proxy.ts';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { aPhone, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

const made = z.object({ data: z.object({ order_no: z.string(), order_url: z.url() }) });

const aReport = {
  product_slug: 'bazi-basic',
  input: { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' },
};

describeInBrowser('the order page, while something happens to its order', () => {
  let system: TestSystem;
  let browser: Browser;
  let phone: Phone;
  /** the network between browser and server */
  let network: ServerProxy;
  /** how often the pages asked, by the beginning of the path */
  const asked = { '/api/order-events/': 0, '/api/order-status/': 0 };

  beforeAll(async () => {
    browser = await openBrowser();
    system = await startTestSystem({ PAYMENT_PROVIDERS: 'pingpong,mock', MOCK_WEBHOOK_SECRET: 'of-this-test-alone' });
    network = await startProxy(system.botUrl);
    phone = await aPhone(browser);
    phone.context.on('request', (request) => {
      for (const path of ['/api/order-events/', '/api/order-status/'] as const)
        if (new URL(request.url()).pathname.startsWith(path)) asked[path] += 1;
    });
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await network?.close();
    await system?.stop();
  }, 60_000);

  async function post(path: string, body: object = {}): Promise<unknown> {
    const signal = AbortSignal.timeout(10_000);
    const reply = await fetch(system.botUrl + path, { method: 'POST', body: JSON.stringify(body), signal });
    if (!reply.ok) throw new Error(`${path} answered ${reply.status}`);
    return reply.json();
  }

  /** An unpaid order, and its page over the network that can be cut. */
  async function anOpenOrder(what: object = aReport): Promise<{ page: Page; pay: () => Promise<unknown> }> {
    const { data } = made.parse(
      await post('/api/create-order', { email: 'zhang@example.com', payment_method: 'mock', ...what }),
    );
    const page = await phone.context.newPage();
    const { pathname, search } = new URL(data.order_url);
    Object.assign(asked, { '/api/order-events/': 0, '/api/order-status/': 0 });
    await page.goto(new URL(pathname + search, network.url).href);
    await page.evaluate('window.notReloaded = true');
    return { page, pay: () => post(`/api/payment/mock/success/${data.order_no}`) };
  }

  const done = (page: Page) => page.getByRole('heading', { name: '订单已完成' }).waitFor();
  const isOffline = (page: Page, is: boolean) => page.locator('#offline').waitFor({ state: is ? 'visible' : 'hidden' });

  test('shows that it is paid and delivered without a reload, hears it by events alone, and stops at the end', async () => {
    const { page, pay } = await anOpenOrder();
    await page.getByRole('heading', { name: '等待付款' }).waitFor();
    await page.locator('#headline').focus();
    await pay();
    await done(page);
    await page.getByRole('heading', { name: '八字简批 · 张三' }).waitFor();
    expect(await page.locator('#news').textContent()).toBe('订单已完成');
    expect(await page.evaluate('document.activeElement.id')).toBe('headline');
    expect(await page.evaluate('window.notReloaded')).toBe(true);
    expect(asked['/api/order-status/']).toBe(0);
    const streams = asked['/api/order-events/'];
    expect(streams).toBeGreaterThan(0);
    await page.evaluate('dispatchEvent(new Event("online"))');
    await page.waitForTimeout(2_500);
    expect(asked).toEqual({ '/api/order-events/': streams, '/api/order-status/': 0 });
    await page.close();
  }, 60_000);

  test('keeps what is typed and who types, when the page is drawn anew under their hands', async () => {
    // Delivered by hand, so that it stays under way.
    const { page, pay } = await anOpenOrder({ product_slug: 'consult' });
    await pay();
    await page.getByRole('heading', { name: '正在办理' }).waitFor();
    await page.getByRole('link', { name: '申请退款' }).click();
    await page.locator('#reason').fill('还没想好');
    await page.evaluate(`const order = document.querySelector('#order');
      order.dataset.state = order.dataset.of = 'another';
      dispatchEvent(new Event('online'));`);
    await page.locator('#order:not([data-of])').waitFor();
    expect(await page.locator('#reason').inputValue()).toBe('还没想好');
    expect(await page.evaluate('document.activeElement.id')).toBe('reason');
    await page.close();
  }, 60_000);

  test('says when the server is gone, and catches up with what happened meanwhile', async () => {
    const { page, pay } = await anOpenOrder();
    await page.waitForTimeout(500);
    await network.cut();
    await isOffline(page, true);
    await pay();
    await network.mend();
    await isOffline(page, false);
    await done(page);
    expect(await page.evaluate('window.notReloaded')).toBe(true);
    await page.close();
    phone.errors.splice(0);
  }, 60_000);

  test('says when the phone is offline, and comes back by itself', async () => {
    const { page, pay } = await anOpenOrder();
    await phone.context.setOffline(true);
    await isOffline(page, true);
    await phone.context.setOffline(false);
    await isOffline(page, false);
    await pay();
    await done(page);
    await page.close();
    phone.errors.splice(0);
  }, 60_000);

  test('holds no connection while nobody looks at it, and catches up when somebody does', async () => {
    const { page, pay } = await anOpenOrder();
    const look = (does: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${!does} });
        document.dispatchEvent(new Event('visibilitychange'));`);
    await look(false);
    await pay();
    await page.waitForTimeout(2_500);
    expect(await page.getByRole('heading', { name: '等待付款' }).count()).toBe(1);
    await look(true);
    await done(page);
    await page.close();
  }, 60_000);

  test('asks every few seconds where no events come through', async () => {
    await phone.context.route('**/api/order-events/**', (route) => route.fulfill({ status: 503 }));
    const { page, pay } = await anOpenOrder();
    await pay();
    await done(page);
    expect(asked['/api/order-status/']).toBeGreaterThan(0);
    await phone.context.unroute('**/api/order-events/**');
    await page.close();
    phone.errors.splice(0);
  }, 60_000);

  test('has met no other error on any page', () => {
    expect(phone.errors).toEqual([]);
  });
});
