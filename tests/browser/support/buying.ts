import type { Locator, Page } from 'playwright-core';
import type { ChatPage } from './chat-page.ts';
import { opens, type Phone } from './phone.ts';

/** How the same walk reads in one language. */
export interface Words {
  greeting: string;
  product: string;
  line: string;
  card: string;
  confirm: string;
  pay: string;
}

export const chinese: Words = {
  greeting: '想看哪一种',
  product: '八字简批',
  line: '张三 男 1990-05-15 14:30 北京',
  card: '请核对',
  confirm: '确认下单',
  pay: '去付款',
};

export const english: Words = {
  greeting: 'Hello, I am Mingdan',
  product: 'Bazi in brief',
  line: 'John male 1990-05-15 14:30 Beijing',
  card: 'Please check',
  confirm: 'Confirm',
  pay: 'Pay',
};

/** Of the birth in `line`, by Beijing's sun, an hour of China's summer time taken off. */
export const PILLARS = ['庚午', '辛巳', '庚辰', '癸未'];

/** From the empty chat to the card that is to be confirmed. */
export async function upToCard(chat: ChatPage, words: Words): Promise<Locator> {
  await chat.start();
  await chat.hears(words.greeting);
  await chat.press(words.product);
  // The question shows a line that can be copied.
  await chat.hears(words.line);
  await chat.say(words.line);
  return chat.hears(words.card);
}

/** From the card to the checkout page, which opens beside the chat. */
export async function toCheckout(phone: Phone, chat: ChatPage, words: Words): Promise<Page> {
  await chat.press(words.confirm);
  await chat.key(words.pay).waitFor();
  return opens(phone, () => chat.press(words.pay));
}

/** Presses a button of the checkout page and waits until the page says what came of it. */
export async function payAt(checkout: Page, button: 'pay' | 'fail'): Promise<void> {
  await checkout.getByTestId(button).click();
  await checkout.locator(`[data-status="${button === 'pay' ? 'paid' : 'failed'}"]`).waitFor();
}
