import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { chinese, english, PILLARS, payAt, toCheckout, upToCard } from './support/buying.ts';
import { ChatPage } from './support/chat-page.ts';
import { aPhone, opens, type Phone } from './support/phone.ts';
import { startTestSystem, type TestSystem } from './support/system.ts';

const HAN = /\p{Script=Han}/u;
const GANZHI = /[甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥]/g;
/** Each test has a person of its own, and none waits long for anything. */
const WITHIN_MS = 60_000;

describeInBrowser('the chat on a phone', () => {
  let system: TestSystem;
  let browser: Browser;

  beforeAll(async () => {
    browser = await openBrowser();
    system = await startTestSystem();
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await system?.stop();
  }, 60_000);

  async function someone(language = 'zh-hans', locale = 'zh-CN'): Promise<{ phone: Phone; chat: ChatPage }> {
    const phone = await aPhone(browser, locale);
    const name = language === 'en' ? 'Alice' : '小红';
    return { phone, chat: await ChatPage.open(phone, system, await system.newPerson(name, language)) };
  }

  test(
    'a date that does not exist is refused in a line, and nothing else has to be typed again',
    async () => {
      const { phone, chat } = await someone();
      await chat.start();
      await chat.press(chinese.product);
      await chat.hears('怎么称呼');
      await chat.say('李四 女 1990-02-31 8:15 上海');
      const refusal = await (await chat.hears('日历上没有这一天')).innerText();
      expect(refusal).toContain('1990-05-15');
      expect(refusal).toContain('前面填的都还在');
      await chat.say('1990-02-28');
      const card = await (await chat.hears(chinese.card)).innerText();
      for (const kept of ['李四', '女', '1990-02-28 08:15', '上海']) expect(card).toContain(kept);
      expect(phone.errors).toEqual([]);
      await phone.context.close();
    },
    WITHIN_MS,
  );

  test(
    'a link of the shop’s pages says to the bot what it is there for, once',
    async () => {
      const phone = await aPhone(browser, 'zh-CN');
      const page = await phone.context.newPage();
      await page.goto(`${system.chatUrl}?user=${await system.newPerson('小红', 'zh-hans')}&start=buy_bazi-basic`);
      const said = page.getByText('/start buy_bazi-basic');
      await said.waitFor();
      await page.reload();
      await said.waitFor();
      expect(await said.count()).toBe(1);
      expect(phone.errors).toEqual([]);
      await phone.context.close();
    },
    WITHIN_MS,
  );

  test(
    'a payment that the bank declines is told, its button goes, and one press leads on',
    async () => {
      const { phone, chat } = await someone();
      await upToCard(chat, chinese);
      const checkout = await toCheckout(phone, chat, chinese);
      await payAt(checkout, 'fail');
      const told = await chat.hears('这笔付款没有成功');
      expect(await told.innerText()).toContain('19.90 CNY');
      await chat.hears('❌ 这次付款没有成功');
      expect(await chat.key(chinese.pay).count()).toBe(0);
      const before = (await chat.texts()).length;
      await told.getByText('/start').click();
      await chat.untilTexts((texts) => texts.length > before);
      await chat.press(chinese.product);
      await chat.untilTexts((texts) => texts.length > before + 1);
      expect((await chat.texts()).at(-1)).toContain(chinese.line);
      expect(phone.errors).toEqual([]);
      await phone.context.close();
    },
    WITHIN_MS,
  );

  test(
    'who pays after a declined try, on the same checkout page, gets the report all the same',
    async () => {
      const { phone, chat } = await someone();
      await upToCard(chat, chinese);
      const checkout = await toCheckout(phone, chat, chinese);
      await payAt(checkout, 'fail');
      await chat.hears('这笔付款没有成功');
      await payAt(checkout, 'pay');
      await chat.hears('感谢信任');
      expect((await chat.texts()).join('\n')).toContain(PILLARS.join(' '));
      await phone.context.close();
    },
    WITHIN_MS,
  );

  test(
    'an English speaker reads English from Start to the report and its page',
    async () => {
      const { phone, chat } = await someone('en', 'en-GB');
      const card = await (await upToCard(chat, english)).innerText();
      expect(card).toContain('Four pillars');
      await payAt(await toCheckout(phone, chat, english), 'pay');
      const closing = await chat.hears('Thank you for your trust');
      const texts = await chat.texts();
      // Of Chinese only stems and branches, which have no other names; on the card the lunar date and the place as well.
      const others = texts.filter((text) => !text.includes(english.card)).map((text) => text.replace(GANZHI, ''));
      expect(others.filter((text) => HAN.test(text))).toEqual([]);
      expect(texts.join('\n')).toContain(PILLARS.join(' '));
      const page = await opens(phone, () => closing.getByRole('link').click());
      expect(await page.getByRole('heading', { name: 'Order completed' }).isVisible()).toBe(true);
      expect(phone.errors).toEqual([]);
      await phone.context.close();
    },
    WITHIN_MS,
  );

  test(
    'Start, a product and a line can be reached and pressed by the keyboard alone',
    async () => {
      const { phone, chat } = await someone();
      await chat.tabTo('[data-testid="start"]');
      await chat.page.keyboard.press('Enter');
      await chat.hears(chinese.greeting);
      await chat.tabTo('[data-callback="buy:bazi-basic"]');
      await chat.page.keyboard.press('Enter');
      await chat.hears('怎么称呼');
      await chat.tabTo('[data-testid="text"]');
      await chat.page.keyboard.type(chinese.line);
      await chat.page.keyboard.press('Enter');
      await chat.hears(chinese.card);
      expect(await chat.texts('me')).toEqual(['/start', chinese.line]);
      await phone.context.close();
    },
    WITHIN_MS,
  );
});
