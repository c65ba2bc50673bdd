import { z } from 'zod';
import type { Call } from '../../apps/sandbox/src/index.ts';
import type { Shop } from './shop.ts';
import { PATIENCE_MS, until } from './until.ts';

const ORDER_NUMBER = /REPORT_\d{8}_[0-9A-Z]{8,}/;
const fence = /DATA-[0-9a-f]{16}/g;
const rendered = z.object({ parts: z.array(z.string()) });
const patient = { timeoutMs: PATIENCE_MS };
let people = 0;

/** Two letters, since no number is taken for a name, and no name may be the beginning of another. */
function nameEnd(number: number): string {
  const letters = 'bcdfghjklm';
  return `${letters[Math.floor(number / 10) % 10]}${letters[number % 10]}`;
}

/** Somebody in the chat with a name of their own, so that what is written about them can be told apart. */
export class Buyer {
  readonly id: number;
  readonly name: string;
  private readonly shop: Shop;

  constructor(shop: Shop) {
    people += 1;
    this.shop = shop;
    this.name = `Guest${nameEnd(people)}`;
    this.id = shop.control.telegram.addPerson({ id: 2_000 + people, name: this.name, language: 'zh-hans' }).id;
  }

  /** Up to the card with the confirm button. */
  async choose(slug: string): Promise<void> {
    const { telegram } = this.shop.control;
    telegram.start(this.id, `buy_${slug}`);
    if (slug !== 'tarot-free') {
      await telegram.waitForMessage(this.id, /./, patient);
      telegram.say(this.id, `${this.name} 男 1990-05-15 14:30 北京`);
    }
    await telegram.waitForButton(this.id, /^confirm:/, patient);
  }

  confirm(): void {
    this.shop.control.telegram.press(this.id, /^confirm:/);
  }

  /** Chooses and confirms. @returns the number of the unpaid order */
  async order(slug: string): Promise<string> {
    await this.choose(slug);
    this.confirm();
    return this.payable();
  }

  /** Waits for the payment button. @returns the number of the order */
  async payable(): Promise<string> {
    const { message } = await this.shop.control.telegram.waitForButton(this.id, /checkout/, patient);
    return ORDER_NUMBER.exec(message.text ?? '')?.[0] ?? '';
  }

  pay(orderNo: string): Promise<void> {
    return this.shop.control.pingpong.act(orderNo, 'pay');
  }

  /** All that the bot said, oldest first, as it reads now. */
  said(): string[] {
    return this.shop.control.telegram.botMessages(this.id).map(({ text }) => text ?? '');
  }

  count(text: string | RegExp): number {
    return this.said().filter((said) => (typeof text === 'string' ? said.includes(text) : text.test(said))).length;
  }

  hears(text: string | RegExp): Promise<number> {
    return until(
      () => this.count(text),
      () => `${this.name} hears ${text}; it was: ${this.said().join(' | ').slice(-500)}`,
    );
  }

  /** What of a report stands in the chat: T title, numbers for the parts, C closing line; anything else is left out. */
  async reportAsRead(orderNo: string): Promise<string[]> {
    const { parts } = rendered.parse((await this.shop.steps(orderNo)).get('deliver'));
    return this.said().flatMap((text) => {
      if (text.startsWith('📜') && text.includes(orderNo)) return ['T'];
      if (text.startsWith('以上就是') && text.includes(orderNo)) return ['C'];
      const place = parts.indexOf(text.trim());
      return place < 0 ? [] : [String(place)];
    });
  }

  /** The whole report in its order, as `reportAsRead` writes it. */
  async wholeReport(orderNo: string): Promise<string[]> {
    const { parts } = rendered.parse((await this.shop.steps(orderNo)).get('deliver'));
    return ['T', ...parts.map((_, place) => String(place)), 'C'];
  }

  /** How often the model was asked for each section of this buyer's report, the most asked first. */
  modelCalls(): number[] {
    const asked = new Map<string, number>();
    for (const call of this.callsAboutMe()) {
      // The fence around the buyer's own words is new in each process.
      const prompt = JSON.stringify(call.request).replaceAll(fence, 'DATA');
      asked.set(prompt, (asked.get(prompt) ?? 0) + 1);
    }
    return [...asked.values()].sort((a, b) => b - a);
  }

  private callsAboutMe(): Call[] {
    return this.shop.control
      .calls({ service: 'deepseek', name: 'POST /chat/completions' })
      .filter(({ request }) => JSON.stringify(request).includes(this.name));
  }
}
