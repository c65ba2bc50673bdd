import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { changed } from '@mingdan/db';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { aPhone, overflow, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

describeInBrowser('the shop, on a phone', () => {
  let system: TestSystem;
  let browser: Browser;
  let phone: Phone;

  beforeAll(async () => {
    browser = await openBrowser();
    const offered = 'pingpong,alipay,oxapay,mock';
    system = await startTestSystem({ PAYMENT_PROVIDERS: offered, MOCK_WEBHOOK_SECRET: 'of-this-test-alone' });
    phone = await aPhone(browser);
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  async function open(path: string): Promise<Page> {
    const page = await phone.context.newPage();
    await page.goto(system.botUrl + path);
    return page;
  }

  test('shows what can be bought without an account, and what is sold out, within the budget of a first load', async () => {
    const page = await phone.context.newPage();
    let bytes = 0;
    page.on('response', async (reply) => {
      bytes += (await reply.request().sizes()).responseBodySize;
    });
    await page.goto(`${system.botUrl}/shop`, { waitUntil: 'networkidle' });
    const products = await page.locator('.product').allInnerTexts();
    expect(products.join('\n')).toMatch(/八字简批[\s\S]*¥19\.90[\s\S]*≈ 2\.85 USDT/);
    expect(products.find((text) => text.includes('礼品卡'))).toContain('售罄');
    expect(products.find((text) => text.startsWith('金币'))).toContain('起');
    expect(products.find((text) => text.includes('月度会员'))).toBeDefined();
    expect(bytes).toBeLessThan(100_000);
    expect(await overflow(page)).toBe(0);
    await page.close();
  });

  test('counts the total as the quantity is chosen', async () => {
    const page = await open('/shop/consult');
    await page.getByText('3', { exact: true }).click();
    expect(await page.locator('[data-total]').innerText()).toBe('¥897.00');
    expect(await page.locator('[data-total-usdt]').innerText()).toBe('≈ 128.15 USDT');
    expect(await page.locator('.summary').innerText()).toContain('一对一咨询 × 3');
    await page.close();
  });

  test('says beside each field what is wrong, and keeps what was typed', async () => {
    const page = await open('/shop/bazi-basic');
    await page.locator('#date').fill('1990-02-31');
    await page.locator('#gender').check();
    await page.getByLabel('不知道').check();
    await page.locator('#email').fill('zhang@');
    await page.getByRole('button', { name: '提交订单' }).click();
    await page.locator('#wrong').waitFor();
    expect(await page.locator('#date-error').innerText()).toContain('日历');
    expect(await page.locator('#email-error').innerText()).toContain('邮箱');
    expect(await page.locator('#date').inputValue()).toBe('1990-02-31');
    expect(await page.evaluate('document.activeElement.id')).toBe('wrong');
    await page.close();
    // The answer to a form with mistakes is 422, which the console of Chromium calls an error.
    expect(phone.errors.splice(0).filter((error) => !error.includes('422'))).toEqual([]);
  });

  test('shows the chart while the birth is typed, then sells a report without any account', async () => {
    const page = await open('/shop/bazi-basic');
    await page.locator('#name').fill('张三');
    await page.locator('#gender').check();
    await page.locator('#date').fill('19900515');
    await page.locator('#time').fill('14:30');
    await page.locator('#place').fill('北京');
    const glyphs = page.locator('.preview .glyph');
    await glyphs.first().waitFor();
    expect(await glyphs.allInnerTexts()).toEqual([...'庚辛庚癸午巳辰未']);
    await page.locator('#email').fill('zhang@example.com');
    await page.getByText('模拟支付').click();
    await page.getByRole('button', { name: '提交订单' }).click();
    await page.getByRole('link', { name: '付款 ¥19.90 · 模拟支付' }).click();
    await page.getByRole('button', { name: /成功/ }).click();
    await page.getByRole('heading', { name: '八字简批 · 张三' }).waitFor({ timeout: 40_000 });
    await page.getByText('订单信息').click();
    expect(await page.locator('.facts').innerText()).toContain('模拟支付');
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    // A receipt names shop, buyer and seller, and leaves the report out.
    await page.evaluate('window.print = () => {}');
    await page.getByRole('button', { name: '打印收据' }).click();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.report').isVisible()).toBe(false);
    expect(await page.locator('.site-name').isVisible()).toBe(true);
    expect(await page.locator('.facts').innerText()).toMatch(/zhang@example\.com[\s\S]*卖家[\s\S]*命单/);
    await page.getByRole('button', { name: '连同报告一起打印', includeHidden: true }).dispatchEvent('click');
    expect(await page.locator('.report').isVisible()).toBe(true);
    await page.close();
  }, 60_000);

  test('takes what is put right out of the list of what is wrong', async () => {
    const page = await open('/shop/consult');
    await page.locator('#email').fill('a@b');
    await page.locator('#quantity').focus();
    expect(await page.locator('#email-error').innerText()).toContain('邮箱');
    await page.getByRole('button', { name: '提交订单' }).click();
    await page.locator('#wrong').waitFor();
    await page.locator('#email').fill('zhang@example.com');
    await page.locator('#wrong').waitFor({ state: 'detached' });
    expect(await page.locator('#email').getAttribute('aria-invalid')).toBeNull();
    await page.close();
    expect(phone.errors.splice(0).filter((error) => !error.includes('422'))).toEqual([]);
  });

  test('tells the price with a coupon before anything is ordered', async () => {
    await changed(system.db, `insert into coupons (code, percent, most_uses) values ('TENTH', 10, 5)`);
    const page = await open('/shop/consult');
    await page.getByText('有优惠码').click();
    await page.locator('#coupon').fill('nosuch');
    await page.locator('#coupon-error').filter({ hasText: '无效' }).waitFor();
    await page.locator('#coupon').fill('tenth');
    await page.locator('[data-total]').filter({ hasText: '¥269.10' }).waitFor();
    expect(await page.locator('#coupon-error').isHidden()).toBe(true);
    await page.getByText('2', { exact: true }).click();
    await page.locator('[data-total]').filter({ hasText: '¥538.20' }).waitFor();
    expect(await page.locator('[data-discount]').innerText()).toContain('−¥59.80');
    expect(await overflow(page)).toBe(0);
    await page.close();
    expect(phone.errors.splice(0).filter((error) => !error.includes('409'))).toEqual([]);
  });

  test('says that it is offline, and keeps what was typed', async () => {
    const page = await open('/shop/consult');
    await page.locator('#email').fill('zhang@example.com');
    await phone.context.setOffline(true);
    await page.getByRole('button', { name: '提交订单' }).click();
    expect(await page.locator('#offline').innerText()).toContain('没有网络');
    expect(await page.locator('#email').inputValue()).toBe('zhang@example.com');
    await phone.context.setOffline(false);
    await page.locator('#offline').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: '提交订单' }).click();
    await page.getByRole('heading', { name: '等待付款' }).waitFor();
    await page.close();
  });

  test('corrects the address of an order, and cancels it', async () => {
    const page = await open('/shop/consult');
    await page.locator('#email').fill('zhnag@example.com');
    await page.getByRole('button', { name: '提交订单' }).click();
    await page.getByRole('link', { name: '更正邮箱' }).click();
    await page.getByLabel('新邮箱').fill('zhang@example.com');
    await page.getByRole('button', { name: '更正' }).click();
    await page.getByText('邮箱已更正').waitFor();
    expect(await page.locator('.facts').innerText()).toContain('zhang@example.com');
    expect(await overflow(page)).toBe(0);
    await page.getByRole('link', { name: '取消订单' }).click();
    await page.getByRole('button', { name: '确认取消' }).click();
    await page.getByRole('heading', { name: '订单已取消' }).waitFor();
    await page.getByRole('link', { name: '再订一次' }).click();
    await page.getByRole('heading', { name: '一对一咨询' }).waitFor();
    await page.close();
  });

  test('sells without any script', async () => {
    const plain = await browser.newContext({
      javaScriptEnabled: false,
      locale: 'en',
      viewport: { width: 390, height: 844 },
    });
    const page = await plain.newPage();
    await page.goto(`${system.botUrl}/shop`);
    await page.getByRole('link', { name: 'Personal consultation' }).click();
    await page.getByLabel('2', { exact: true }).check();
    await page.getByLabel('Email').fill('ann@example.com');
    await page.getByRole('button', { name: 'Place the order' }).click();
    await page.getByRole('heading', { name: 'Waiting for payment' }).waitFor();
    expect(await page.locator('.facts').innerText()).toMatch(/Personal consultation × 2[\s\S]*598\.00/);
    await plain.close();
  });

  test('has met no error on any page', () => {
    expect(phone.errors).toEqual([]);
  });
});
