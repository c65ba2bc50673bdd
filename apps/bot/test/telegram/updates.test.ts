import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { row } from '@mingdan/db';
import { pause } from '@mingdan/kernel';
import express from 'express';
import request from 'supertest';
import { type DispatchDeps, handleUpdates } from '../../src/telegram/updates/dispatch.ts';
import { recordUpdate, recordUpdates } from '../../src/telegram/updates/record.ts';
import { telegramWebhook, webhookSecret } from '../../src/telegram/updates/webhook.ts';
import { aWorld, OPERATORS, Person, texts, type World } from './given/world.ts';

let world: World;
beforeEach(async () => {
  world = await aWorld();
});
afterEach(() => world.end());

const message = (update_id: number, chatId: number, text = 'x') => ({
  update_id,
  message: {
    message_id: 1,
    date: 0,
    chat: { id: chatId, type: 'private' },
    from: { id: chatId, is_bot: false, first_name: 'x' },
    text,
  },
});

function dispatch(handle: (update: unknown) => Promise<void>, more: Partial<DispatchDeps> = {}) {
  const deps = { db: world.database.db, vault: world.deps.vault, log: world.deps.log, pollMs: 50, retryBaseMs: 10 };
  return handleUpdates({
    ...deps,
    handle,
    onFailed: async () => undefined,
    tellFailed: async () => undefined,
    ...more,
  });
}

const idOf = (update: unknown): number => (update as { update_id: number }).update_id;

describe('writing updates down', () => {
  test('the same update is kept once, sealed', async () => {
    expect(await recordUpdate(world.deps, message(1, 7, '张三的秘密'))).toBe(true);
    expect(await recordUpdate(world.deps, message(1, 7))).toBe(false);
    const kept = await row<{ payload: Buffer }>(world.database.db, 'select payload from telegram_updates');
    expect(kept?.payload.includes(Buffer.from('张三'))).toBe(false);
  });

  test('what is no update stops nothing', async () => {
    expect(await recordUpdates(world.deps, [{ nonsense: true }, message(2, 7), null])).toBe(1);
  });

  test('nothing that was typed stays after it was handled, and none of it is in the log', async () => {
    world.startBot();
    const person = new Person(world);
    await person.types('/start');
    await person.types('张三 男 1990-05-15 14:30 北京');
    expect(await world.count('select count(*) as count from telegram_updates where payload is not null')).toBe(0);
    expect(world.log.join('')).not.toMatch(/张三|1990-05-15|TEST-TOKEN/);
  });
});

describe('handling', () => {
  test('one chat in order, different chats side by side', async () => {
    const events: string[] = [];
    const dispatcher = dispatch(async (update) => {
      const id = idOf(update);
      events.push(`begin ${id}`);
      await pause(id === 1 ? 150 : 10);
      events.push(`end ${id}`);
    });
    await recordUpdates(world.deps, [message(1, 7), message(2, 7), message(3, 8)]);
    dispatcher.wake();
    for (const id of [1, 2, 3]) await world.handled(id);
    await dispatcher.stop();
    expect(events.indexOf('end 3')).toBeLessThan(events.indexOf('end 1'));
    expect(events.indexOf('begin 2')).toBeGreaterThan(events.indexOf('end 1'));
  });

  test('two processes never handle one chat at once, and no update twice', async () => {
    let inside = 0;
    let most = 0;
    const seen: number[] = [];
    const handle = async (update: unknown): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      seen.push(idOf(update));
      await pause(5);
      inside -= 1;
    };
    await recordUpdates(
      world.deps,
      Array.from({ length: 12 }, (_, index) => message(index + 1, 7)),
    );
    const both = [dispatch(handle), dispatch(handle)];
    await world.handled(12);
    for (const dispatcher of both) await dispatcher.stop();
    expect(most).toBe(1);
    expect(seen).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  test('a pre-checkout query does not wait for its chat', async () => {
    const events: number[] = [];
    const dispatcher = dispatch(async (update) => {
      if (idOf(update) === 1) await pause(200);
      events.push(idOf(update));
    });
    await recordUpdates(world.deps, [
      message(1, 7),
      { update_id: 2, pre_checkout_query: { id: 'q', from: { id: 7 } } },
    ]);
    dispatcher.wake();
    for (const id of [1, 2]) await world.handled(id);
    await dispatcher.stop();
    expect(events).toEqual([2, 1]);
  });

  test('a pre-checkout query and money that came find a place when every chat is waiting for something slow', async () => {
    const events: number[] = [];
    const dispatcher = dispatch(
      async (update) => {
        if (idOf(update) <= 2) await pause(300);
        events.push(idOf(update));
      },
      { concurrency: 2 },
    );
    const paid = { message: { date: 0, chat: { id: 8 }, successful_payment: {} } };
    await recordUpdates(world.deps, [message(1, 7), message(2, 8), message(3, 9)]);
    dispatcher.wake();
    await pause(100);
    await recordUpdates(world.deps, [
      { update_id: 4, pre_checkout_query: { id: 'q', from: { id: 7 } } },
      { update_id: 5, ...paid },
    ]);
    dispatcher.wake();
    for (const id of [1, 2, 3, 4, 5]) await world.handled(id);
    await dispatcher.stop();
    expect(events.slice(0, 2).sort()).toEqual([4, 5]);
    expect(events.indexOf(3)).toBeGreaterThan(2);
  });

  test('a handler that fails is tried again, and the chat waits for it', async () => {
    const events: number[] = [];
    const dispatcher = dispatch(async (update) => {
      events.push(idOf(update));
      if (events.length < 3) throw new Error('boom');
    });
    await recordUpdates(world.deps, [message(1, 7), message(2, 7)]);
    expect(await world.handled(2)).toBe('done');
    await dispatcher.stop();
    expect(events).toEqual([1, 1, 1, 2]);
  });

  test('after three tries the person is told, the operators too, and the next message is handled', async () => {
    world.startBot();
    const person = new Person(world);
    await person.types('/start');
    world.api.fail('sendMessage', 400, { ok: false, error_code: 400, description: 'Bad Request: something' }, 3);
    expect(await person.types('/help')).toBe('failed');
    expect(
      await world.count(`select count(*) as count from outbox where chat_id = :id and dedupe_key like 'alarm:%'`, {
        id: OPERATORS,
      }),
    ).toBe(1);
    expect(await person.types('/help')).toBe('done');
    expect(person.heard.map(({ payload }) => payload.text)).toContain(texts.t('zh-CN', 'chat.failed'));
  });

  test('a dropped answer of Telegram costs nothing but time', async () => {
    world.startBot();
    const person = new Person(world);
    world.api.fail('sendMessage', 502, {}, 4);
    expect(await person.types('/start')).toBe('done');
    expect(person.buttons).toContain('buy:bazi-basic');
  });

  test('somebody who blocked the bot is no failure', async () => {
    world.startBot();
    const person = new Person(world);
    world.api.fail('sendMessage', 403, {
      ok: false,
      error_code: 403,
      description: 'Forbidden: bot was blocked by the user',
    });
    expect(await person.types('/start')).toBe('done');
    expect(
      await world.count('select count(*) as count from users where telegram_id = :id and bot_blocked_at is not null', {
        id: person.id,
      }),
    ).toBe(1);
  });
});

describe('polling', () => {
  test('a webhook that was set is removed first', async () => {
    world.api.webhookUrl = 'https://old.example/hook';
    world.startBot();
    await new Person(world).types('/start');
    expect(world.api.webhookUrl).toBe('');
  });

  test('another poller (409) is waited for, with one warning', async () => {
    world.api.fail(
      'getUpdates',
      409,
      { ok: false, error_code: 409, description: 'Conflict: terminated by other getUpdates request' },
      4,
    );
    world.startBot();
    expect(await new Person(world).types('/start')).toBe('done');
    const warnings = world.log.filter((line) => line.includes('another process fetches updates'));
    expect(warnings).toHaveLength(1);
  });

  test('after a restart the same update again is handled once', async () => {
    world.startBot();
    const person = new Person(world);
    const update = person.sends('/help');
    await world.handled(update);
    await world.stopBot();
    world.startBot();
    await person.types('/start');
    expect(person.heard.filter(({ payload }) => payload.text === texts.t('zh-CN', 'chat.help'))).toHaveLength(1);
  });
});

describe('the webhook', () => {
  const key = 'a-secret-key-of-thirty-two-characters';
  const app = (woken: () => void) =>
    express().use(
      '/telegram/webhook',
      telegramWebhook({
        db: world.database.db,
        vault: world.deps.vault,
        log: world.deps.log,
        secretKeys: ['newer', key],
        onRecorded: woken,
      }),
    );

  test('takes an update with the right secret, and answers when it is written down', async () => {
    let woken = 0;
    const server = app(() => {
      woken += 1;
    });
    const answer = await request(server)
      .post('/telegram/webhook')
      .set('x-telegram-bot-api-secret-token', webhookSecret(key))
      .send(message(9, 7));
    expect(answer.status).toBe(200);
    expect(woken).toBe(1);
    expect(await world.count('select count(*) as count from telegram_updates where update_id = 9')).toBe(1);
  });

  test('in webhook mode the role registers its address and handles what is posted', async () => {
    Object.assign(world.settings, { mode: 'webhook' });
    world.startBot();
    const { webhook } = world.role ?? {};
    if (!webhook) throw new Error('there is no webhook');
    const answer = await request(express().use('/telegram/webhook', webhook))
      .post('/telegram/webhook')
      .set('x-telegram-bot-api-secret-token', webhookSecret(key))
      .send(message(10, 7, '/help'));
    expect(answer.status).toBe(200);
    expect(await world.handled(10)).toBe('done');
    const registered = world.api.calls.find(({ method }) => method === 'setWebhook');
    expect(registered?.payload).toMatchObject({
      url: 'http://127.0.0.1:3001/telegram/webhook',
      secret_token: webhookSecret(key),
    });
    expect(world.api.calls.some(({ method }) => method === 'getUpdates')).toBe(false);
  });

  test.each([undefined, '', 'wrong', 'a-secret-key-of-thirty-two-characters'])(
    'refuses the secret %p with 401 and writes nothing',
    async (secret) => {
      const post = request(app(() => undefined)).post('/telegram/webhook');
      const answer = await (secret === undefined ? post : post.set('x-telegram-bot-api-secret-token', secret)).send(
        message(9, 7),
      );
      expect(answer.status).toBe(401);
      expect(await world.count('select count(*) as count from telegram_updates')).toBe(0);
    },
  );
});
