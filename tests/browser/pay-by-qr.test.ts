import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { z } from 'zod';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { aPhone, overflow, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

const made = z.object({ data: z.object({ order_no: z.string(), order_url: z.url() }) });

describeInBrowser('the order page of somebody who has no chat', () => {
  let system: TestSystem;
  let browser: Browser;
  let phone: Phone;
  let page: Page;
  let orderNo: string;

  beforeAll(async () => {
    browser = await openBrowser();
    const offered = 'pingpong,alipay,wechat,redpacket,mock';
    system = await startTestSystem({ PAYMENT_PROVIDERS: offered, MOCK_WEBHOOK_SECRET: 'of-this-test-alone' });
    phone = await aPhone(browser);
    const order = await anOrder();
    orderNo = order.order_no;
    page = await phone.context.newPage();
    await page.goto(order.order_url);
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  function post(path: string, body: object = {}): Promise<Response> {
    const signal = AbortSignal.timeout(10_000);
    return fetch(system.botUrl + path, { method: 'POST', body: JSON.stringify(body), signal });
  }

  async function anOrder() {
    const reply = await post('/api/create-order', {
      product_slug: 'bazi-basic',
      email: 'zhang@example.com',
      input: { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' },
    });
    return made.parse(await reply.json()).data;
  }

  test('offers every way to pay that works on the web, as links that fit the screen', async () => {
    await page.getByRole('heading', { name: '请选择支付方式' }).waitFor();
    const ways = await page.locator('.way').allInnerTexts();
    for (const name of ['支付宝', '微信支付', 'PingPong']) expect(ways.join()).toContain(name);
    expect(ways.join()).not.toContain('Stars');
    expect(await overflow(page)).toBe(0);
  });

  test('shows a code to scan, which can be reached by keyboard and read by whoever sees nothing', async () => {
    const wechat = page.getByRole('link', { name: '微信支付' });
    await wechat.focus();
    await page.keyboard.press('Enter');
    const code = page.getByRole('img', { name: '请用微信支付扫描二维码' });
    await code.waitFor();
    const box = await code.locator('svg').boundingBox();
    expect(Math.round(box?.width ?? 0)).toBeGreaterThan(200);
    expect(Math.abs((box?.width ?? 0) - (box?.height ?? 1))).toBeLessThan(2);
    expect(await page.locator('[style]').count()).toBe(0);
    expect(await overflow(page)).toBe(0);
  });

  test('follows the payment by itself, and shows the report in the end', async () => {
    // Nobody scans here: the stand-in is told that somebody did.
    const scanned = await post(`/api/payment/mock/success/${orderNo}`);
    expect(scanned.status).toBe(200);
    await page.getByRole('heading', { name: '订单已完成' }).waitFor({ timeout: 40_000 });
    await page.getByRole('heading', { name: '八字简批 · 张三' }).waitFor();
    expect(await page.locator('.way').count()).toBe(0);
    expect(await page.innerText('main')).not.toContain('聊天');
  }, 60_000);

  test('comes back from a gateway to the same page, with all that the own link shows', async () => {
    const { order_url } = await anOrder();
    await page.goto(order_url);
    await page.getByRole('link', { name: '模拟支付' }).click();
    await page.getByRole('heading', { name: '测试支付' }).waitFor();
    await page.getByRole('button', { name: /成功/ }).click();
    await page.getByRole('heading', { name: '八字简批 · 张三' }).waitFor({ timeout: 40_000 });
    expect(new URL(page.url()).searchParams.get('t')).toBe(new URL(order_url).searchParams.get('t'));
  }, 60_000);

  test('takes a red-packet code without any script, and waits for it', async () => {
    const { order_url } = await anOrder();
    const plain = await browser.newContext({ javaScriptEnabled: false, locale: 'zh-CN' });
    const bare = await plain.newPage();
    await bare.goto(order_url);
    await bare.getByRole('link', { name: '支付宝口令红包' }).click();
    await bare.getByLabel('红包口令').fill('恭喜发财88');
    await bare.getByRole('button', { name: '提交口令' }).click();
    await bare.getByText('口令已收到').waitFor();
    expect(await bare.locator('.way').count()).toBe(0);
    await plain.close();
  }, 30_000);

  test('has met no error on any page', () => {
    expect(phone.errors).toEqual([]);
  });
});
