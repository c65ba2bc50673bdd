import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { row } from '@mingdan/db';
import { grantCoins } from '@mingdan/orders';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { ChatPage } from './support/chat-page.ts';
import { aPhone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

describeInBrowser('a membership that renews itself, and coins for a part, on a phone', () => {
  let system: TestSystem;
  let browser: Browser;
  let page: Page;
  let app: FrameLocator;
  let personId: number;

  beforeAll(async () => {
    browser = await openBrowser();
    system = await startTestSystem({ PAYMENT_PROVIDERS: 'stars,points,pingpong' });
    personId = await system.newPerson('订阅者', 'zh-hans');
    const chat = await ChatPage.open(await aPhone(browser), system, personId);
    await chat.start();
    await chat.hears('想看哪一种');
    page = chat.page;
    app = page.frameLocator('#mini-app-frame');
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  const userId = async (): Promise<number> =>
    (await row<{ id: number }>(system.db, 'select id from users where telegram_id = :personId', { personId }))?.id ?? 0;
  const ordersOf = async (kind: string): Promise<number> =>
    (
      await row<{ count: number }>(
        system.db,
        `select count(*)::integer as count from orders where user_id = :userId and kind = :kind and status = 'completed'`,
        { userId: await userId(), kind },
      )
    )?.count ?? 0;

  test('is subscribed to in the Mini App, which says when it renews', async () => {
    await page.getByTestId('mini-app-open').click();
    await app.locator('[data-view="home"]').waitFor();
    await app.locator('[data-subscribe="member-month"]').click();
    await page.getByText('/ 月').first().waitFor();
    await page.getByTestId('invoice-pay').click();
    await app.getByRole('heading', { name: '订单已完成' }).waitFor();
    await page.getByTestId('mini-app-back').click();
    await app.getByText('自动续费，').waitFor();
    expect(await app.locator('[data-subscribe]').count()).toBe(0);
  }, 60_000);

  test('is paid again when the time comes, told in chat, and stopped in the Mini App', async () => {
    await page.getByTestId('mini-app-close').click();
    await page.getByRole('button', { name: '30 天后：自动续费' }).click();
    await page.getByText('会员已自动续费').waitFor();
    expect(await ordersOf('membership')).toBeGreaterThan(0);
    await page.getByTestId('mini-app-open').click();
    await app.locator('[data-end-renewal]').click();
    await app.locator('#news').getByText('不会再扣费').waitFor();
    expect(await app.locator('[data-end-renewal]').count()).toBe(0);
    const state = await row(system.db, 'select state from subscriptions where user_id = :id', { id: await userId() });
    expect(['ending', 'ended']).toContain((state as { state: string }).state);
  }, 60_000);

  test('coins pay a part of an order there, and Stars the rest', async () => {
    await grantCoins(system.db, { userId: await userId(), amount: 80, reason: 'test', actor: 'test' });
    await app.locator('[data-go="report/bazi-year"]').click();
    await app.locator('#gender').check();
    await app.locator('#date').fill('1990-05-15');
    await app.locator('#time').fill('14:30');
    await app.locator('#place').fill('北京');
    await app.locator('.preview .glyph').first().waitFor();
    await page.getByTestId('mini-app-main').click();
    await page.getByTestId('invoice-cancel').click();
    await page.getByTestId('mini-app-back').click();
    await app.locator('[data-view="home"]').waitFor();
    await app.locator('[data-go^="order/REPORT_"]').first().click();
    await app.locator('[data-coins]').click();
    await app.locator('[data-coins]').waitFor({ state: 'detached' });
    await app.getByText('已用 80 金币抵扣').waitFor();
    await page.getByTestId('mini-app-main').click();
    await page.getByTestId('invoice-pay').click();
    await app.locator('[data-view="order"] .report').waitFor({ timeout: 40_000 });
  }, 90_000);
});
