import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { createLogger } from '@mingdan/kernel';
import { aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import {
  blockedPause,
  dueMessages,
  enqueue,
  type Message,
  type OutboxChannel,
  type SendFailure,
  sendDue,
  takeSlot,
  telegramLimits,
  unpark,
} from '../src/index.ts';

let database: TestDatabase;
let db: Db;
let userId: number;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  userId = (await aUser(db)).id;
});
afterAll(() => database.drop());
beforeEach(() => changed(db, 'delete from outbox').then(() => changed(db, 'delete from telegram_limits')));

const log = createLogger({ process: 'test', level: 'silent' });
const part = (text: string): Message => ({ template: 'report_part', params: { text } });
const say = (chatId: number, text: string, more: { edits?: string; delivers?: boolean } = {}) =>
  enqueue(db, testVault, { chatId, userId, dedupeKey: `${chatId}:${text}`, message: part(text), ...more });

class Refusal extends Error {
  readonly failure: SendFailure;
  constructor(failure: SendFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** A channel that keeps what it was given, and fails as told. */
function fakeChannel(fail: (text: string, nth: number) => SendFailure | undefined = () => undefined) {
  const sent: { chatId: number; text: string; edits: number | null }[] = [];
  const tries = new Map<string, number>();
  const channel: OutboxChannel = {
    async send(chatId, _language, message, edits) {
      const text = String(message.params?.text);
      const nth = (tries.get(text) ?? 0) + 1;
      tries.set(text, nth);
      const failure = fail(text, nth);
      if (failure) throw new Refusal(failure);
      sent.push({ chatId, text, edits });
      return { messageId: 100 + sent.length };
    },
    failureOf: (error) => (error instanceof Refusal ? error.failure : { kind: 'unreachable', message: 'lost' }),
  };
  return { channel, sent };
}

/** Sends until nothing is due, ending all rests in between. */
async function drain(
  channel: OutboxChannel,
  onDelivered: (id: number) => Promise<void> = async () => undefined,
  rounds = 20,
): Promise<void> {
  const deps = {
    db,
    vault: testVault,
    log,
    channel,
    onDelivered,
    onSlowDown: (seconds: number) => blockedPause(db, seconds),
    signal: new AbortController().signal,
  };
  for (let round = 0; round < rounds; round += 1) {
    const due = await dueMessages(db, 50);
    if (due.length === 0) return;
    await Promise.all(due.map((message) => sendDue(deps, message)));
    await changed(db, `update outbox set due_at = now() where status = 'pending'`);
  }
}

describe('the outbox', () => {
  test('says the same thing once', async () => {
    await Promise.all([say(1, 'a'), say(1, 'a'), say(1, 'a')]);
    expect(await rows(db, 'select 1 from outbox')).toHaveLength(1);
  });

  test('says nothing of a transaction that was rolled back', async () => {
    await db
      .transaction(async (tx) => {
        await enqueue(tx, testVault, { chatId: 1, dedupeKey: 'x', message: part('never') });
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    expect(await rows(db, 'select 1 from outbox')).toHaveLength(0);
  });

  test('keeps texts encrypted, and drops them once they are sent', async () => {
    await say(1, '张三的报告');
    const before = await row<{ payload: Buffer }>(db, 'select payload from outbox');
    expect(before?.payload.includes('张三')).toBe(false);
    await drain(fakeChannel().channel);
    expect(await row(db, 'select payload, status from outbox')).toEqual({ payload: null, status: 'sent' });
  });

  test('offers only the first message of each chat', async () => {
    for (const text of ['1', '2', '3']) await say(1, text);
    await say(2, 'other');
    expect((await dueMessages(db, 10)).map(({ chatId }) => chatId).sort()).toEqual([1, 2]);
  });

  test('keeps the order of a chat through every kind of failure', async () => {
    for (const text of ['1', '2', '3', '4', '5']) await say(7, text, { delivers: true });
    const { channel, sent } = fakeChannel((text, nth) => {
      if (text === '2' && nth < 3) return { kind: 'unreachable', message: 'no answer' };
      if (text === '3' && nth < 2) return { kind: 'slow_down', retryAfterSeconds: 1, message: 'too many' };
      if (text === '4' && nth < 2) return { kind: 'refused', message: 'try later' };
      return undefined;
    });
    await drain(channel);
    expect(sent.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5']);
  });

  test('lets one chat in trouble hold up nobody else', async () => {
    await say(1, 'stuck');
    await say(2, 'fine');
    const { channel, sent } = fakeChannel((text) =>
      text === 'stuck' ? { kind: 'unreachable', message: 'no answer' } : undefined,
    );
    await drain(channel, undefined, 3);
    expect(sent.map(({ text }) => text)).toEqual(['fine']);
  });

  test('parks everything for a user who blocked the bot, and sends it in order when they are back', async () => {
    for (const text of ['1', '2', '3']) await say(9, text, { delivers: true });
    let blocked = true;
    const { channel, sent } = fakeChannel(() => (blocked ? { kind: 'blocked', message: 'blocked' } : undefined));
    await drain(channel);
    expect(await rows(db, `select 1 from outbox where status = 'parked'`)).toHaveLength(3);
    blocked = false;
    expect(await unpark(db, 9)).toBe(3);
    await drain(channel);
    expect(sent.map(({ text }) => text)).toEqual(['1', '2', '3']);
  });

  test('gives up a message that Telegram refuses for good, so that its chat goes on', async () => {
    await say(3, 'bad');
    await say(3, 'good');
    const { channel, sent } = fakeChannel((text) =>
      text === 'bad' ? { kind: 'refused', message: 'chat not found' } : undefined,
    );
    await drain(channel);
    expect(sent.map(({ text }) => text)).toEqual(['good']);
    expect(await row(db, `select last_error from outbox where status = 'dropped'`)).toEqual({
      last_error: 'chat not found',
    });
  });

  test('sets a part of a report aside that Telegram keeps refusing, so that its chat goes on', async () => {
    await say(13, 'bad part', { delivers: true });
    await say(13, 'your refund is through');
    const { channel, sent } = fakeChannel((text) =>
      text === 'bad part' ? { kind: 'refused', message: 'no' } : undefined,
    );
    await drain(channel);
    expect(sent.map(({ text }) => text)).toEqual(['your refund is through']);
    expect(
      await row(db, `select count(*) as kept from outbox where status = 'parked' and payload is not null`),
    ).toEqual({ kept: 1 });
  });

  test('throws no alarm away, whatever the operators did to their chat', async () => {
    await enqueue(db, testVault, { chatId: -5, dedupeKey: 'alarm', message: part('alarm') });
    const { channel, sent } = fakeChannel((_, nth) =>
      nth < 4 ? { kind: nth % 2 ? 'refused' : 'blocked', message: 'chat not found' } : undefined,
    );
    await drain(channel);
    expect(sent.map(({ text }) => text)).toEqual(['alarm']);
  });

  test('never brings a message whose edit came first', async () => {
    await say(14, 'pay');
    await changed(db, `update outbox set status = 'parked'`);
    await say(14, 'expired', { edits: '14:pay' });
    const { channel, sent } = fakeChannel();
    await drain(channel);
    await unpark(db, 14);
    await drain(channel);
    expect(sent).toEqual([]);
  });

  test('edits the message that was sent before', async () => {
    await say(4, 'pay');
    const { channel, sent } = fakeChannel();
    await drain(channel);
    await say(4, 'paid', { edits: '4:pay' });
    await drain(channel);
    expect(sent).toEqual([
      { chatId: 4, text: 'pay', edits: null },
      { chatId: 4, text: 'paid', edits: 101 },
    ]);
  });

  test('drops an edit of a message that never arrived', async () => {
    await say(5, 'edit', { edits: 'nothing' });
    const { channel, sent } = fakeChannel();
    await drain(channel);
    expect(sent).toEqual([]);
    expect(await row(db, 'select status from outbox')).toEqual({ status: 'dropped' });
  });

  test('tells when the last part of a report is sent', async () => {
    await changed(
      db,
      `insert into orders (id, order_no, kind, product_slug, product_names, amount_minor, currency) overriding system value values (1, 'REPORT_20260101_AAAAAAAA', 'report', 'x', '{}', 1, 'CNY') on conflict do nothing`,
    );
    await enqueue(db, testVault, { chatId: 6, orderId: 1, dedupeKey: 'p', message: part('p'), delivers: true });
    const told: number[] = [];
    await drain(fakeChannel().channel, async (id) => void told.push(id));
    expect(told).toEqual([1]);
  });
});

describe("Telegram's limits", () => {
  const only = { ...telegramLimits, allIntervalMs: 0 };

  test('let a chat have a burst of three and then one a second', async () => {
    const waits = [];
    for (let n = 0; n < 5; n += 1) waits.push(await takeSlot(db, 1, only));
    expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
    expect(waits[3]).toBeGreaterThan(800);
    expect(waits[3]).toBeLessThanOrEqual(1000);
    expect(waits[4]).toBeGreaterThan(1800);
  });

  test('let all chats together have at most thirty a second, also when asked at once', async () => {
    const times = await Promise.all(
      Array.from({ length: 90 }, async (_, chat) => {
        const wait = await takeSlot(db, chat + 100);
        return performance.now() + wait;
      }),
    );
    for (const from of times) {
      // The answers themselves take a while to arrive: a message or two may be counted into the second before.
      expect(times.filter((time) => time >= from && time < from + 1000).length).toBeLessThanOrEqual(32);
    }
  });

  test('stand still for as long as Telegram asks', async () => {
    await blockedPause(db, 5);
    expect(await takeSlot(db, 1)).toBeGreaterThan(4_800);
  });
});
