import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { ChatPage } from './support/chat-page.ts';
import { aPhone, opens, overflow, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

describeInBrowser('the coin centre, on a phone', () => {
  let system: TestSystem;
  let browser: Browser;
  let phone: Phone;
  let page: Page;

  beforeAll(async () => {
    browser = await openBrowser();
    system = await startTestSystem({
      PAYMENT_PROVIDERS: 'alipay,wechat,stripe,points,mock',
      MOCK_WEBHOOK_SECRET: 'of-this-test-alone',
    });
    phone = await aPhone(browser);
    const chat = await ChatPage.open(phone, system, await system.newPerson('张小明', 'zh-hans'));
    await chat.start();
    await chat.hears('想看哪一种');
    await chat.say('/login');
    await chat.key('在网页上打开').waitFor();
    page = await opens(phone, () => chat.press('在网页上打开'));
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  const balance = () => page.locator('[data-balance]').innerText();

  async function buy(way: string, coins: string): Promise<void> {
    const before = await page.locator('#live').getAttribute('data-order-no');
    const folded = page.getByText('换一个套餐');
    if (await folded.isVisible()) await folded.click();
    await page.locator('#packages').getByText(coins).click();
    await page.locator('#packages').getByText(way, { exact: true }).click();
    await page.getByRole('button', { name: '去付款' }).click();
    await page.locator(`#live[data-order-no]:not([data-order-no="${before}"])`).waitFor();
    await page.locator('#payment').getByText('等待付款').waitFor();
  }

  test('is for who came by the link of the chat, and tells others how to get one', async () => {
    expect(new URL(page.url()).pathname).toBe('/coin');
    expect(await balance()).toBe('0 金币');
    const stranger = await aPhone(browser, 'en');
    const other = await stranger.context.newPage();
    await other.goto(`${system.botUrl}/coin`);
    expect(await other.locator('main').innerText()).toContain('/login');
    await other.setViewportSize({ width: 320, height: 568 });
    for (const path of ['/coin', '/nope', '/shop/bazi-full']) {
      await other.goto(`${system.botUrl}${path}`);
      expect([path, await overflow(other)]).toEqual([path, 0]);
    }
    await stranger.context.close();
  });

  test('draws the code of WeChat, and shows the coins without a reload when it is paid', async () => {
    await page.evaluate('window.notReloaded = true');
    await buy('微信支付', '310 金币');
    await page.getByRole('img', { name: '请用微信支付扫描二维码' }).waitFor();
    expect(await overflow(page)).toBe(0);
    await page.getByRole('dialog').getByRole('button', { name: '支付成功' }).click();
    await page.getByRole('heading', { name: '金币已到账' }).waitFor();
    expect(await balance()).toBe('310 金币');
    expect(await page.locator('.ledger tbody').innerText()).toMatch(/购买金币[\s\S]*\+310\s*310/);
    expect(await page.evaluate('window.notReloaded')).toBe(true);
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
  }, 40_000);

  test('leads to the gateway’s own page where that is the way, and follows it from here', async () => {
    await page.getByRole('link', { name: '再买一些' }).click();
    await page.locator('#payment').waitFor({ state: 'detached' });
    await buy('支付宝', '100 金币');
    const button = page.getByRole('link', { name: '去付款 · 支付宝' });
    // The steps of a payment that is under way are there to be pressed by a thumb.
    const check = await page.getByRole('link', { name: '我已付款' }).boundingBox();
    expect(check?.height).toBeGreaterThanOrEqual(44);
    expect(await button.getAttribute('href')).toMatch(/^https?:/);
    expect(await button.getAttribute('target')).toBe('_blank');
  });

  test('has a way on when a payment fails', async () => {
    // Beside an open payment there is no second way to pay until it is asked for.
    expect(await page.locator('#packages').isVisible()).toBe(false);
    await buy('模拟支付', '100 金币');
    expect(await page.getByRole('region', { name: '未付款的订单' }).getByRole('link').count()).toBe(1);
    await page.getByRole('dialog').getByRole('button', { name: '支付失败' }).click();
    await page.getByRole('link', { name: '重新选择套餐' }).click();
    await page.locator('#payment').waitFor({ state: 'detached' });
    expect(await page.locator('#packages').isVisible()).toBe(true);
    expect(await balance()).toBe('310 金币');
  }, 40_000);

  test('says that it is offline, and comes back by itself', async () => {
    await buy('微信支付', '1060 金币');
    await phone.context.setOffline(true);
    await page.locator('#offline').waitFor();
    await phone.context.setOffline(false);
    await page.locator('#offline').waitFor({ state: 'hidden' });
    phone.errors.splice(0);
  }, 40_000);

  test('stays on the page where a link is pressed without a network, and follows it later', async () => {
    await page.getByRole('dialog').getByRole('button', { name: '支付成功' }).click();
    await page.getByRole('heading', { name: '金币已到账' }).waitFor();
    expect(await page.getByRole('link', { name: '申请退款' }).getAttribute('href')).toMatch(/ask=refund#refund$/);
    await phone.context.setOffline(true);
    await page.getByRole('link', { name: '再买一些' }).click();
    await page.locator('#offline').waitFor();
    await phone.context.setOffline(false);
    await page.locator('#payment').waitFor({ state: 'detached' });
    await page.locator('#offline').waitFor({ state: 'hidden' });
    phone.errors.splice(0);
  }, 40_000);

  test('says to whose session is over that it is, and how to sign in', async () => {
    await phone.context.clearCookies();
    await page.getByRole('button', { name: '去付款' }).click();
    await page.getByText('登录已过期').waitFor();
    expect(await page.locator('#offline').isVisible()).toBe(false);
    expect(await page.locator('[data-sign-in]').innerText()).toContain('/login');
    expect(phone.errors.splice(0).filter((error) => !error.includes('401'))).toEqual([]);
  }, 40_000);

  test('has met no error on any page', () => {
    expect(phone.errors).toEqual([]);
  });
});
