import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { row } from '@mingdan/db';
import { grantCoins } from '@mingdan/orders';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from './support/browser.ts';
import { ChatPage } from './support/chat-page.ts';
import { aPhone, opens, overflow, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

const FOLDER = new URL('../../docs/images/', import.meta.url);
const GAP = 12;

/** Draws the pictures of docs/pages.md anew, each page in both themes: `MINGDAN_PICTURES=1 npm test -- tests/browser/pictures`. */
const describePictures = process.env.MINGDAN_PICTURES === '1' ? describe : describe.skip;

describePictures('the pictures of the pages', () => {
  let system: TestSystem;
  let browser: Browser;
  let phone: Phone;
  let chat: ChatPage;

  beforeAll(async () => {
    browser = await openBrowser();
    system = await startTestSystem({ PAYMENT_PROVIDERS: 'alipay,wechat,stripe,oxapay,stars,points,redpacket' });
    phone = await aPhone(browser);
    const personId = await system.newPerson('张小明', 'zh-hans');
    chat = await ChatPage.open(phone, system, personId);
    await chat.start();
    await chat.hears('想看哪一种');
    const user = await row<{ id: number }>(system.db, 'select id from users where telegram_id = :personId', {
      personId,
    });
    await grantCoins(system.db, { userId: user?.id ?? 0, amount: 80, reason: 'test', actor: 'test' });
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  /** Light and dark, side by side. */
  async function draw(name: string, page: Page, reopen = async () => {}): Promise<void> {
    const themes: Buffer[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await reopen();
      themes.push(await page.screenshot());
    }
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await overflow(page)).toBe(0);
    const paper = await browser.newPage({ viewport: { width: 390 * 2 + GAP, height: 844 } });
    const [light, dark] = themes.map((theme) => `<img src="data:image/png;base64,${theme.toString('base64')}">`);
    await paper.setContent(`<body style="margin:0;display:flex;gap:${GAP}px;background:#888">${light}${dark}</body>`);
    writeFileSync(new URL(`${name}.png`, FOLDER), await paper.screenshot());
    await paper.close();
  }

  async function open(path: string): Promise<Page> {
    const page = await phone.context.newPage();
    await page.goto(system.botUrl + path);
    return page;
  }

  async function fillBirth(page: Page): Promise<void> {
    await page.locator('#name').fill('张三');
    await page.locator('#gender').check();
    await page.locator('#date').fill('1990-05-15');
    await page.locator('#time').fill('14:30');
    await page.locator('#place').fill('北京');
    await page.locator('.preview .glyph').first().waitFor();
  }

  test('the shop, and the form of a report', async () => {
    const page = await open('/shop');
    await draw('shop', page);
    await page.goto(`${system.botUrl}/shop/bazi-full`);
    await fillBirth(page);
    await page.locator('.preview').scrollIntoViewIfNeeded();
    await draw('shop-order', page);
    await page.locator('#email').fill('zhang@example.com');
    await page.getByRole('button', { name: '提交订单' }).click();
    await page.locator('#order').waitFor();
    await draw('order-waiting', page);
    await page.close();
  }, 60_000);

  test('a gift, as who was given it sees it', async () => {
    const post = async (path: string, body: object = {}) => {
      const answer = await fetch(system.botUrl + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { data: { order_no: string; order_url: string } };
    };
    const wish = { product_slug: 'bazi-full', email: 'zhang@example.com', payment_method: 'alipay', gift: true };
    const { data } = await post('/api/create-order', wish);
    await post(`/api/payment/mock/success/${data.order_no}`);
    const page = await phone.context.newPage();
    await page.goto(data.order_url);
    const link = page.locator('[data-copy*="/gift/"]');
    await link.waitFor();
    const address = (await link.getAttribute('data-copy')) ?? '';
    await page.goto(address);
    await draw('gift', page);
    await page.close();
  }, 60_000);

  test('the coin centre', async () => {
    await chat.say('/login');
    await chat.key('在网页上打开').waitFor();
    const page = await opens(phone, () => chat.press('在网页上打开'));
    await page.locator('#packages').getByText('微信支付', { exact: true }).click();
    await draw('coin', page);
    await page.close();
  }, 60_000);

  test('the Mini App in the chat', async () => {
    const app = chat.page.frameLocator('#mini-app-frame');
    await draw('mini-app', chat.page, async () => {
      // It is told the theme of the chat when it opens.
      if (await chat.page.getByTestId('mini-app-close').isVisible())
        await chat.page.getByTestId('mini-app-close').click();
      await chat.page.getByTestId('mini-app-open').click();
      await app.locator('[data-view="home"]').waitFor();
      await app.locator('[data-membership]').scrollIntoViewIfNeeded();
    });
    await chat.page.getByTestId('mini-app-close').click();
  }, 60_000);

  test('the page of the API', async () => {
    const page = await open('/api/docs');
    await draw('api-docs', page);
    await page.close();
  }, 60_000);
});
