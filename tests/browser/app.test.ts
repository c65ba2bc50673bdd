import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { ChatPage } from './support/chat-page.ts';
import { aPhone, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

describeInBrowser('the Mini App in the chat, on a phone', () => {
  let system: TestSystem;
  let browser: Browser;
  let phone: Phone;
  let page: Page;
  let app: FrameLocator;

  beforeAll(async () => {
    browser = await openBrowser();
    system = await startTestSystem({ PAYMENT_PROVIDERS: 'stars,points,pingpong' });
    phone = await aPhone(browser);
    const chat = await ChatPage.open(phone, system, await system.newPerson('张小明', 'zh-hans'));
    await chat.start();
    await chat.hears('想看哪一种');
    page = chat.page;
    app = page.frameLocator('#mini-app-frame');
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  const main = () => page.getByTestId('mini-app-main');

  test('opens signed in, with what can be bought, in Telegram’s colours', async () => {
    await page.getByTestId('mini-app-open').click();
    await app.locator('[data-view="home"]').waitFor();
    expect(await app.locator('[data-membership]').getAttribute('data-membership')).toBe('inactive');
    expect(await app.locator('[data-balance]').innerText()).toBe('0 金币');
    const paper = await app.locator('html').evaluate('getComputedStyle(document.documentElement).backgroundColor');
    expect(paper).toBe('rgb(241, 243, 245)');
    expect(
      await app.locator('html').evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    ).toBe(0);
    expect(await main().isVisible()).toBe(false);
  });

  test('believes no invoice that was closed unpaid', async () => {
    await app.locator('[data-buy="member-month"]').click();
    await page.getByTestId('invoice-cancel').click();
    await app.locator('#news').getByText('没有付款').waitFor();
    expect(await app.locator('[data-membership]').getAttribute('data-membership')).toBe('inactive');
  });

  test('sells a membership for Stars, and shows it when the server says so', async () => {
    await app.locator('[data-buy="member-month"]').click();
    await page.getByTestId('invoice-pay').click();
    await app.locator('[data-view="order"]').waitFor();
    await app.getByRole('heading', { name: '订单已完成' }).waitFor();
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-membership="active"]').waitFor();
    expect(await app.locator('[data-membership]').innerText()).toContain('会员有效期至');
  }, 40_000);

  test('sells a report by the main button, and shows it there to be read again', async () => {
    await app.locator('[data-go="report/bazi-year"]').click();
    await app.locator('#gender').check();
    await app.locator('#date').fill('1990-02-31');
    await app.locator('#time').fill('14:30');
    await main().click();
    await app.locator('#date-error').getByText('日历').waitFor();
    await app.locator('#date').fill('1990-05-15');
    await app.locator('#place').fill('北京');
    await app.locator('.preview .glyph').first().waitFor();
    expect(await main().innerText()).toMatch(/付款 \d+ ⭐/);
    await main().click();
    await page.getByTestId('invoice-pay').click();
    await app.locator('[data-view="order"] .report').waitFor({ timeout: 40_000 });
    expect(await app.locator('.report .glyph').allInnerTexts()).toEqual([...'庚辛庚癸午巳辰未']);
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-view="home"]').waitFor();
    await app.locator('[data-go^="order/REPORT_"]').first().click();
    await app.locator('.report').waitFor();
  }, 60_000);

  test('takes the wish for the money back', async () => {
    await app.getByText('申请退款').click();
    await app.getByLabel('退款原因').fill('不想要了');
    await app.getByRole('button', { name: '提交退款申请' }).click();
    await app.getByText('已转交客服').waitFor();
  });

  test('has met no error on any page, but the birth that could not be', () => {
    expect(phone.errors.filter((error) => !error.includes('422'))).toEqual([]);
  });
});
