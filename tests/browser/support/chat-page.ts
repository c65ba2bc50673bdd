import { setTimeout as sleep } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import { PATIENCE_MS, type Phone } from './phone.ts';
import type { TestSystem } from './system.ts';

const MOST_TABS = 40;

/** The sandbox's chat as one person has it on their screen. */
export class ChatPage {
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
  }

  static async open(phone: Phone, system: TestSystem, userId: number): Promise<ChatPage> {
    const page = await phone.context.newPage();
    await page.goto(`${system.chatUrl}?user=${userId}`);
    return new ChatPage(page);
  }

  /** Presses the big button under an empty chat. */
  start(): Promise<void> {
    return this.page.getByTestId('start').click();
  }

  async say(text: string): Promise<void> {
    await this.page.getByTestId('text').fill(text);
    await this.page.getByTestId('send').click();
  }

  /** Waits for a message of the bot that says this. */
  async hears(text: string | RegExp): Promise<Locator> {
    const message = this.messages('bot').filter({ hasText: text }).last();
    await message.waitFor().catch((error: unknown) => this.saysInstead(`“${text}”`, error));
    return message;
  }

  /** The newest button with this label. */
  key(label: string | RegExp): Locator {
    return this.page.locator('.inline-key').filter({ hasText: label }).last();
  }

  press(label: string | RegExp): Promise<void> {
    return this.key(label).click();
  }

  /** What the bubbles say, from the oldest to the newest, as it is on the screen. */
  texts(from: 'bot' | 'me' = 'bot'): Promise<string[]> {
    return this.messages(from).getByTestId('text-of-message').allInnerTexts();
  }

  /** Waits until the bubbles of the bot are such. */
  async untilTexts(fits: (texts: string[]) => boolean): Promise<void> {
    const end = Date.now() + PATIENCE_MS;
    while (!fits(await this.texts())) {
      if (Date.now() > end) await this.saysInstead('what was expected');
      await sleep(50);
    }
  }

  /** Walks on by the Tab key until this has the focus, as somebody without mouse and touch does. */
  async tabTo(selector: string): Promise<void> {
    for (let presses = 0; presses < MOST_TABS; presses += 1) {
      await this.page.keyboard.press('Tab');
      if (await this.page.locator(`${selector}:focus`).isVisible()) return;
    }
    throw new Error(`${MOST_TABS} presses of Tab do not lead to ${selector}`);
  }

  private async saysInstead(wanted: string, cause?: unknown): Promise<never> {
    const said = (await this.texts()).slice(-3).map((text) => `“${text.slice(0, 200)}”`);
    throw new Error(`the bot does not say ${wanted}. Its last words: ${said.join(' ') || 'none'}`, { cause });
  }

  private messages(from: 'bot' | 'me'): Locator {
    return this.page.getByTestId('message').and(this.page.locator(`[data-from="${from}"]`));
  }
}
