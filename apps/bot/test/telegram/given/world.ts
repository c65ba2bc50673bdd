import { rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger, pause, systemClock } from '@mingdan/kernel';
import { type OperationDeps, orderLink } from '@mingdan/operations';
import { findOrder, type Order } from '@mingdan/orders';
import { testDatabase, testVault } from '@mingdan/orders/testing';
import { type PaymentClient, type ProviderName, providerNames } from '@mingdan/payments';
import {
  type Operations,
  startTelegram,
  type TelegramRole,
  type TelegramSettings,
} from '../../../src/telegram/index.ts';
import { createTexts } from '../../../src/texts.ts';
import { type BotApi, type Call, startBotApi } from './bot-api.ts';

const noLimits = { chatIntervalMs: 0, chatBurst: 1000, allIntervalMs: 0, allBurst: 1000 };
export const OPERATORS = -100500;
export const texts = createTexts();

export interface WorldOptions {
  readonly offered?: readonly ProviderName[];
  readonly operatorChatId?: number | null;
  readonly settings?: Partial<TelegramSettings>;
  readonly maxOpen?: number;
  readonly chatStarsOnly?: boolean;
  readonly starsByRate?: boolean;
}

/** A gateway that is set up; what is done with it goes through the operations, which a test hands in. */
function untouched(provider: ProviderName): PaymentClient {
  const never = () => Promise.reject(new Error(`${provider} was asked in a test that has no gateway`));
  return { provider, createPayment: never, queryPayment: never };
}

/** One bot on a real database, talking to a stand-in of the Bot API, with operations that a test can look at and change. */
export class World {
  readonly database: TestDatabase;
  readonly api: BotApi;
  readonly log: string[] = [];
  readonly asked: { act: string; orderNo: string; detail?: unknown }[] = [];
  readonly deps: OperationDeps;
  readonly settings: TelegramSettings;
  acts: Operations;
  role: TelegramRole | undefined;

  constructor(database: TestDatabase, api: BotApi, options: WorldOptions) {
    this.database = database;
    this.api = api;
    this.deps = {
      db: database.db,
      vault: testVault,
      clock: systemClock,
      log: createLogger({
        process: 'test',
        level: 'debug',
        destination: { write: (line) => void this.log.push(line) },
      }),
      clients: new Map(providerNames.map((name) => [name, untouched(name)])),
      settings: {
        webhookUrl: 'http://127.0.0.1:3000',
        publicUrl: 'http://127.0.0.1:3001',
        offered: options.offered ?? ['pingpong'],
        orderExpiryMinutes: 30,
        notifyUrls: {},
        refundNotifyUrls: {},
        chatStarsOnly: options.chatStarsOnly ?? false,
        starsByRate: options.starsByRate ?? false,
        secretKeys: ['a-secret-key-of-thirty-two-characters'],
        operatorChatId: options.operatorChatId === undefined ? OPERATORS : options.operatorChatId,
        operatorLanguage: 'zh-CN',
        maxOpenOrdersPerBuyer: options.maxOpen ?? 20,
      },
    };
    this.settings = {
      token: '123456:TEST-TOKEN',
      apiRoot: api.root,
      mode: 'polling',
      baziSource: 'local',
      ...options.settings,
    };
    this.acts = this.fakeActs();
  }

  private fakeActs(): Operations {
    const note = (act: string, orderNo: string, detail?: unknown): void =>
      void this.asked.push({ act, orderNo, detail });
    return {
      startPayment: async (_deps, { orderNo, provider }) => {
        note('startPayment', orderNo, provider);
        const order = await this.order(orderNo);
        const paymentUrl = `https://pay.example.com/${orderNo}`;
        const { amount, expiresAt } = order;
        const shown = { paymentUrl, qrCode: null, clientParams: null, providerPaymentId: null };
        return { orderNo, provider, method: 'TEST', ...shown, amount, expiresAt };
      },
      checkPayment: async (_deps, orderNo) => {
        note('checkPayment', orderNo);
        return { found: 'pending', order: await this.order(orderNo) };
      },
      askForRefund: async (_deps, wish) => {
        note('askForRefund', wish.orderNo, wish.reason);
        return { outcome: 'requested' };
      },
      cancelOrder: async (_deps, { orderNo }) => {
        note('cancelOrder', orderNo);
        return 'cancelled';
      },
      resendReport: async (_deps, orderNo) => {
        note('resendReport', orderNo);
        return 'queued';
      },
      orderLink,
    };
  }

  async order(orderNo: string): Promise<Order> {
    const order = await findOrder(this.database.db, orderNo);
    if (!order) throw new Error(`no order ${orderNo}`);
    return order;
  }

  /** Starts the bot; again after `stopBot`: a restart. */
  startBot(): void {
    this.role = startTelegram({
      operations: this.deps,
      texts,
      settings: this.settings,
      holder: `test-${Math.random()}`,
      bot: async () => ({ name: '@mingdan_bot', address: 'https://t.me/mingdan_bot' }),
      wakeOutbox: () => undefined,
      acts: {
        startPayment: (...args) => this.acts.startPayment(...args),
        checkPayment: (...args) => this.acts.checkPayment(...args),
        askForRefund: (...args) => this.acts.askForRefund(...args),
        cancelOrder: (...args) => this.acts.cancelOrder(...args),
        resendReport: (...args) => this.acts.resendReport(...args),
        orderLink,
      },
      tuning: { pollMs: 200, retryBaseMs: 20, limits: noLimits, longPollSeconds: 2 },
    });
  }

  async stopBot(): Promise<void> {
    await this.role?.stop();
    this.role = undefined;
  }

  async end(): Promise<void> {
    await this.stopBot();
    await this.api.close();
    await this.database.drop();
  }

  /** Waits until an update was handled, or given up. */
  async handled(updateId: number): Promise<string> {
    for (let tries = 0; tries < 500; tries += 1) {
      const [found] = await rows<{ status: string }>(
        this.database.db,
        'select status from telegram_updates where update_id = :updateId',
        { updateId },
      );
      if (found && found.status !== 'pending') return found.status;
      await pause(10);
    }
    throw new Error(`update ${updateId} was not handled`);
  }

  count(sql: string, bindings: Record<string, unknown> = {}): Promise<number> {
    return rows<{ count: number }>(this.database.db, sql, bindings).then(([first]) => first?.count ?? 0);
  }
}

export async function aWorld(options: WorldOptions = {}): Promise<World> {
  return new World(await testDatabase(), await startBotApi(), options);
}

let nextPerson = 7_000;

/** Somebody in a private chat with the bot. */
export class Person {
  readonly id = nextPerson++;
  readonly world: World;
  readonly languageCode: string;

  constructor(world: World, languageCode = 'zh-hans') {
    this.world = world;
    this.languageCode = languageCode;
  }

  private get from() {
    return { id: this.id, is_bot: false, first_name: '小明', language_code: this.languageCode };
  }

  private get chat() {
    return { id: this.id, type: 'private', first_name: '小明' };
  }

  async types(text: string): Promise<string> {
    return this.world.handled(this.sends(text));
  }

  /** Without waiting. */
  sends(text: string): number {
    return this.world.api.push({ message: { message_id: 1, date: 0, from: this.from, chat: this.chat, text } });
  }

  async replies(to: number, text: string): Promise<string> {
    const before = { message_id: to, date: 0, chat: this.chat };
    const message = { message_id: 1, date: 0, from: this.from, chat: this.chat, text, reply_to_message: before };
    return this.world.handled(this.world.api.push({ message }));
  }

  async presses(data: string): Promise<string> {
    return this.world.handled(this.taps(data));
  }

  taps(data: string): number {
    const message = { message_id: 1, date: 0, chat: this.chat, text: '' };
    return this.world.api.push({
      callback_query: { id: `cb${Math.random()}`, from: this.from, chat_instance: '1', message, data },
    });
  }

  /** What Telegram asks before it takes Stars. */
  async asksToPay(payload: string, stars: number, currency = 'XTR'): Promise<string> {
    const query = {
      id: `pq${Math.random()}`,
      from: this.from,
      currency,
      total_amount: stars,
      invoice_payload: payload,
    };
    return this.world.handled(this.world.api.push({ pre_checkout_query: query }));
  }

  /** What Telegram says about Stars in the chat: `successful_payment`, `refunded_payment`. */
  async hasMoved(what: object): Promise<string> {
    return this.world.handled(
      this.world.api.push({
        message: { message_id: 1, date: 1_795_000_000, from: this.from, chat: this.chat, ...what },
      }),
    );
  }

  async changesSubscription(payload: string, state: string): Promise<string> {
    return this.world.handled(
      this.world.api.push({ subscription: { user: this.from, invoice_payload: payload, state } }),
    );
  }

  async changesMembership(status: 'kicked' | 'member'): Promise<string> {
    const user = { id: 1, is_bot: true, first_name: 'Mingdan' };
    const change = {
      chat: this.chat,
      from: this.from,
      date: 0,
      old_chat_member: { user, status: 'member' },
      new_chat_member: { user, status },
    };
    return this.world.handled(this.world.api.push({ my_chat_member: change }));
  }

  get heard(): Call[] {
    return this.world.api.sent(this.id);
  }

  /** What the bot said last. */
  get last(): string {
    return this.heard.at(-1)?.payload.text ?? '';
  }

  /** The data of the buttons under the last message. */
  get buttons(): string[] {
    const lines = this.heard.at(-1)?.payload.reply_markup?.inline_keyboard ?? [];
    return lines.flat().map((one) => one.callback_data ?? one.url ?? '');
  }

  /** The first button whose data begins so. */
  button(start: string): string {
    const found = this.buttons.find((data) => data.startsWith(start));
    if (found === undefined) throw new Error(`no button ${start} among ${this.buttons.join(' ')}; last: ${this.last}`);
    return found;
  }
}
