import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { changed } from '@mingdan/db';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { ChatPage } from './support/chat-page.ts';
import { aPhone, isOnScreen, type Phone } from './support/phone.ts';
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
    // It is said where the reader is, far below the top of the page, and the order is in the list.
    expect(await isOnScreen(app.locator('#news'))).toBe(true);
    await app.locator('[data-go^="order/MEMBER_"]').waitFor();
    expect(await app.locator('[data-membership]').getAttribute('data-membership')).toBe('inactive');
  });

  test('sells a membership for Stars, and shows it when the server says so', async () => {
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/api/order-status/**', async (route) => {
      await answered;
      await route.continue();
    });
    await app.locator('[data-buy="member-month"]').click();
    await page.getByTestId('invoice-pay').click();
    await app.locator('#news').getByText('正在确认付款').waitFor();
    // Who taps again meanwhile buys nothing twice.
    expect(await app.locator('[data-buy]:enabled').count()).toBe(0);
    answer();
    await app.locator('[data-view="order"]').waitFor();
    await page.unroute('**/api/order-status/**');
    await app.getByRole('heading', { name: '订单已完成' }).waitFor();
    await app.getByText('会员有效期至').waitFor();
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-membership="active"]').waitFor();
    expect(await app.locator('[data-membership]').innerText()).toContain('会员有效期至');
    expect(await app.locator('[data-buy="member-month"]').innerText()).toMatch(/^续期/);
  }, 40_000);

  test('signs in again without a word when the session is over', async () => {
    let refused = 0;
    await page.route('**/app/view/**', async (route) => {
      refused += 1;
      if (refused === 1) await route.fulfill({ status: 401, body: 'over' });
      else await route.continue();
    });
    await app.locator('[data-go="report/bazi-year"]').click();
    await app.locator('[data-view="report"]').waitFor();
    await page.unroute('**/app/view/**');
    expect(refused).toBe(2);
    expect(await app.locator('#news').innerText()).toBe('');
    phone.errors.splice(0);
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-view="home"]').waitFor();
  }, 40_000);

  test('goes on by itself with what was tapped without a network', async () => {
    await phone.context.setOffline(true);
    await app.locator('[data-go="report/bazi-year"]').click();
    await app.locator('#news').getByText('连不上服务器').waitFor();
    await phone.context.setOffline(false);
    await app.locator('[data-view="report"]').waitFor();
    phone.errors.splice(0);
  }, 40_000);

  test('shows all that is missing in a form at once, and leads to the first of it', async () => {
    await main().click();
    await app.locator('#gender-error').getByText('请选择').waitFor();
    expect(await app.locator('.error:visible').count()).toBe(3);
    expect(await app.locator('#gender').evaluate('document.activeElement.id')).toBe('gender');
    expect(await isOnScreen(app.locator('#gender-error'))).toBe(true);
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-view="home"]').waitFor();
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

  test('shows the price with a coupon before anything is paid, and sells at it', async () => {
    await changed(system.db, `insert into coupons (code, percent) values ('HALF', 50)`);
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-view="home"]').waitFor();
    await app.locator('[data-go="member/member-quarter"]').click();
    await app.getByText('有优惠码').click();
    await app.locator('#coupon').fill('NOSUCH');
    await app.getByRole('button', { name: '使用' }).click();
    await app.locator('#coupon-error').getByText('无效').waitFor();
    await app.locator('#coupon').fill('half');
    const before = await main().innerText();
    // Not used yet: the first press shows the price, and pays nothing.
    await main().click();
    await app.getByText('原价 ¥79.00').waitFor();
    expect(await main().innerText()).not.toBe(before);
    const stars = (text: string) => Number(/\d+/.exec(text)?.[0]);
    expect(stars(await main().innerText())).toBe(Math.ceil(stars(before) / 2));
    await main().click();
    await page.getByTestId('invoice-pay').click();
    await app.locator('[data-view="order"]').waitFor();
    await app.getByText('−¥39.50').waitFor();
  }, 40_000);

  test('sells a report as a gift, and shows its claim link', async () => {
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-view="home"]').waitFor();
    await app.locator('[data-go="report/bazi-year"]').click();
    await app.getByText('买来送人').click();
    await app.getByText('还没有人领取之前，随时可以全额退款').waitFor();
    expect(await app.locator('#date').isVisible()).toBe(false);
    await main().click();
    await page.getByTestId('invoice-pay').click();
    await app.locator('[data-gift="open"]').waitFor({ timeout: 40_000 });
    const link = await app.locator('.claim-link code').innerText();
    await app.locator('#gift summary').click();
    await app.getByRole('button', { name: '换一个领取链接' }).click();
    await app.locator('.claim-link code').filter({ hasNotText: link }).waitFor();
    expect((await fetch(link)).status).toBe(404);
    expect((await fetch(await app.locator('.claim-link code').innerText())).status).toBe(200);
  }, 60_000);

  test('takes the wish for the money back', async () => {
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-view="home"]').waitFor();
    await app.locator('[data-go^="order/REPORT_"]').nth(1).click();
    await app.locator('.report').waitFor();
    await app.getByText('申请退款').click();
    await app.getByLabel('退款原因').fill('不想要了');
    await app.getByRole('button', { name: '提交退款申请' }).click();
    await app.getByText('已转交客服').waitFor();
  });

  test('speaks the language of the user in every part, whatever the browser asked for', async () => {
    const chat = await ChatPage.open(phone, system, await system.newPerson('Ann', 'en'));
    await chat.start();
    await chat.hears('Hello');
    await chat.page.getByTestId('mini-app-open').click();
    const frame = chat.page.frameLocator('#mini-app-frame');
    await frame.locator('[data-view="home"]').waitFor();
    const shown = await frame.locator('body').innerText();
    expect(shown).toContain('Membership');
    expect(shown).not.toMatch(/命理内容/);
    expect(await frame.locator('#says [data-key="offline"]').textContent()).toContain('cannot be reached');
    await chat.page.close();
  }, 40_000);

  test('has met no error on any page, but the birth and the coupon that could not be', () => {
    expect(phone.errors.filter((error) => !/\b(409|422)\b/.test(error))).toEqual([]);
  });
});
