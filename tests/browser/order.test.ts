import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { chinese, PILLARS, payAt, toCheckout, upToCard } from './support/buying.ts';
import { ChatPage } from './support/chat-page.ts';
import { aPhone, isOnScreen, opens, overflow, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

const says = (text: string) => expect.stringContaining(text);

describeInBrowser('an order on a phone', () => {
  let system: TestSystem;
  let browser: Browser;
  let phone: Phone;
  let chat: ChatPage;
  /** the report's closing line, once the first test has got so far */
  let closing: Locator | undefined;

  beforeAll(async () => {
    browser = await openBrowser();
    system = await startTestSystem();
    phone = await aPhone(browser);
    chat = await ChatPage.open(phone, system, await system.newPerson('张小明', 'zh-hans'));
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  /** The signed address in the closing line. */
  async function link(): Promise<string> {
    if (!closing) throw new Error('no report has come to the chat: see the first test');
    return closing.getByRole('link').innerText();
  }

  async function openReport(): Promise<Page> {
    await link();
    return opens(phone, async () => closing?.getByRole('link').click());
  }

  test('goes from Start over the checkout to the report in the chat', async () => {
    const card = await (await upToCard(chat, chinese)).innerText();
    for (const shown of ['张三', '男', '1990-05-15 14:30', '北京', '真太阳时：1990-05-15 13:19', ...PILLARS])
      expect(card).toContain(shown);

    const checkout = await toCheckout(phone, chat, chinese);
    expect(await checkout.getByTestId('subject').innerText()).toContain('八字简批');
    expect(await checkout.getByTestId('amount').innerText()).toMatch(/CNY\s*19\.90/);
    expect(await overflow(checkout)).toBe(0);
    await payAt(checkout, 'pay');
    await checkout.getByTestId('return').click();

    const last = await chat.hears('感谢信任');
    expect(await isOnScreen(last)).toBe(true);
    const texts = await chat.texts();
    expect([...texts.slice(0, 6), texts.at(-1)]).toEqual(
      ['想看哪一种', '怎么称呼', '请核对', '✅ 已付款', '收到付款', '📜 八字简批', '感谢信任'].map(says),
    );
    const report = texts.slice(6, -1).join('\n');
    expect(report).toContain(PILLARS.join(' '));
    expect(report.length).toBeGreaterThan(800);
    // What Markdown leaves behind where it is not turned into text.
    expect(report).not.toMatch(/\*\*|^#|^\||\]\(/m);
    closing = last;
    // Where the checkout led back to, the page has followed the order by itself.
    await checkout.getByRole('heading', { name: '订单已完成' }).waitFor();
    await checkout.close();
  }, 90_000);

  test('leaves no button with which it could be paid again', async () => {
    await link();
    expect(await chat.key(chinese.pay).count()).toBe(0);
    expect(await chat.key(chinese.confirm).count()).toBe(0);
  });

  test('opens its report by the link of the closing line', async () => {
    const page = await openReport();
    expect(await page.title()).toContain('订单已完成');
    expect(await page.getByRole('heading', { name: '八字简批 · 张三' }).isVisible()).toBe(true);
    const pillars = page.getByRole('table', { name: '四柱命盘' });
    expect(await pillars.locator('.glyph').allInnerTexts()).toEqual([...'庚辛庚癸午巳辰未']);
    const report = await page.getByRole('article').innerText();
    for (const heading of ['性格', '事业与财', '感情与人际', '给你的三条建议']) expect(report).toContain(heading);
    expect(await overflow(page)).toBe(0);
    await page.close();
  });

  test('shows the report in no other language than it was written, and the rest of the page in the chosen one', async () => {
    const page = await openReport();
    await page.getByRole('link', { name: 'English' }).click();
    await page.getByRole('heading', { name: 'Order completed' }).waitFor();
    expect(await page.getByRole('heading', { name: '八字简批 · 张三' }).isVisible()).toBe(true);
    await page.close();
  });

  test('shows nothing personal on its page without the link', async () => {
    const address = new URL(await link());
    address.search = '';
    const stranger = await aPhone(browser);
    const page = await stranger.context.newPage();
    await page.goto(address.href);
    expect(await page.getByRole('heading', { name: '订单已完成' }).isVisible()).toBe(true);
    expect(await page.innerText('main')).toContain('请从聊天里的链接打开本页');
    const source = await page.content();
    for (const secret of ['张三', '1990', '北京市', '八字', '性格', ...PILLARS]) expect(source).not.toContain(secret);
    await stranger.context.close();
  });

  test('is in the list of /orders, opens from there, and comes again when asked for', async () => {
    await link();
    await chat.say('/orders');
    await chat.hears('你最近的订单');
    await chat.press(/八字简批.*已完成/);
    expect(await (await chat.hears('状态：已完成')).innerText()).toContain('19.90 CNY');
    const before = (await chat.texts()).length;
    await chat.press('重发报告');
    await chat.untilTexts((texts) => texts.slice(before).some((text) => text.includes('感谢信任')));
    const again = (await chat.texts()).slice(before);
    expect(again.slice(0, 2)).toEqual([says('马上重发'), says('📜 八字简批')]);
    expect(again.join('\n')).toContain(PILLARS.join(' '));
  }, 60_000);

  test('has met no error on any page', () => {
    expect(phone.errors).toEqual([]);
  });
});
