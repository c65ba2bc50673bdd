import type { Locator, Page } from 'playwright-core';
import type { Phone } from './phone.ts';
import type { TestSystem } from './system.ts';

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
    await message.waitFor();
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

  private messages(from: 'bot' | 'me'): Locator {
    return this.page.getByTestId('message').and(this.page.locator(`[data-from="${from}"]`));
  }
}
