import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import type { Browser } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../apps/sandbox/src/index.ts';
import { describeInBrowser, openBrowser } from './support/browser.ts';
import { aPhone, overflow, type Phone } from './support/phone.ts';

const BOT_TOKEN = '70001:test';

describeInBrowser('the button beside the text field of the chat', () => {
  let sandbox: Sandbox;
  let browser: Browser;
  let phone: Phone;

  beforeAll(async () => {
    browser = await openBrowser();
    const log = createLogger({ process: 'sandbox', level: 'silent' });
    sandbox = await startSandbox({ port: 0, botToken: BOT_TOKEN, deepseekApiKey: 's', yuanfenjuApiKey: 'y', log });
    phone = await aPhone(browser);
    await phone.context.route('https://shop.example/**', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<h1>The shop</h1>' }),
    );
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await sandbox?.close();
  });

  async function setButton(menu_button: object): Promise<void> {
    const address = `${sandbox.telegramApiRoot}/bot${BOT_TOKEN}/setChatMenuButton`;
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(address, { method: 'POST', headers, body: JSON.stringify({ menu_button }) });
    expect(reply.status).toBe(200);
  }

  test('opens the Mini App that the bot chose, signed for who presses it, and gives way to the commands again', async () => {
    await setButton({ type: 'web_app', text: '打开小程序', web_app: { url: 'https://shop.example/app' } });
    const { id } = sandbox.control.telegram.addPerson({ name: '张小明', language: 'zh-hans', started: true });
    const page = await phone.context.newPage();
    await page.goto(`${sandbox.url}/chat?user=${id}`);
    const button = page.getByTestId('menu-button');
    await button.waitFor();
    expect(await button.innerText()).toBe('打开小程序');
    expect(await page.getByTestId('commands-open').isVisible()).toBe(false);
    expect(await overflow(page)).toBe(0);
    await button.click();
    await page.frameLocator('#mini-app-frame').getByRole('heading', { name: 'The shop' }).waitFor();
    const address = await page.locator('#mini-app-frame').getAttribute('src');
    expect(address).toMatch(/^https:\/\/shop\.example\/app#tgWebAppData=.*hash/);
    expect(decodeURIComponent(address ?? '')).toContain(`"id":${id}`.replaceAll('"', '%22').replace(':', '%3A'));
    await page.locator('#mini-app-close').click();
    expect(await page.evaluate('document.activeElement.id')).toBe('menu-button');

    await setButton({ type: 'commands' });
    await button.waitFor({ state: 'hidden' });
    expect(await page.getByTestId('commands-open').isVisible()).toBe(true);
    expect(phone.errors).toEqual([]);
    await page.close();
  }, 40_000);
});
