import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row, rows } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { pause } from '@mingdan/kernel';
import {
  claimRedPacket,
  decideRedPacket,
  type EnteredRedPacket,
  enterRedPacket,
  findOrder,
  findRedPacket,
  forgetRedPackets,
  forgetUser,
  listRedPackets,
  type Order,
  redPacketOver,
  redPacketStanding,
} from '../src/index.ts';
import { anAttempt, anUnpaidOrder, testDatabase, testVault } from '../src/testing.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());
// Every test has red packets of its own, whatever their codes.
beforeEach(() => changed(db, 'update redpacket_codes set code_digest = null').then(() => undefined));

async function anOrder(): Promise<Order> {
  const order = await anUnpaidOrder(db);
  await anAttempt(db, order, null, 'redpacket');
  return order;
}
const enter = (order: Order, code = '12345678'): Promise<EnteredRedPacket> =>
  db.transaction((tx) => enterRedPacket(tx, testVault, { orderId: order.id, code }));
async function waiting(code = '12345678'): Promise<{ order: Order; id: number }> {
  const order = await anOrder();
  const { packet } = await enter(order, code);
  return { order, id: packet?.id ?? 0 };
}
const claim = (id: number, operator = 'anna') => claimRedPacket(db, testVault, { id, operator });
const accept = (id: number, operator = 'anna') =>
  decideRedPacket(db, { id, operator, amount: { minor: 1990, currency: 'CNY' } });
const reject = (id: number, operator = 'anna') => decideRedPacket(db, { id, operator, reason: 'it was empty' });
const codeOf = async (id: number) =>
  (await row<{ code: Buffer | null }>(db, 'select code from redpacket_codes where id = :id', { id }))?.code;

describe('entering a code', () => {
  test('keeps it sealed and its order from expiring', async () => {
    const order = await anOrder();
    expect(await enter(order, '吉祥如意')).toMatchObject({
      outcome: 'new',
      packet: { state: 'waiting', claimedBy: null },
    });
    expect((await findOrder(db, order.orderNo))?.paymentSeenAt).toBeInstanceOf(Date);
    const [kept] = await rows<{ code: Buffer }>(db, 'select code from redpacket_codes where order_id = :id', {
      id: order.id,
    });
    expect(kept?.code.includes('吉祥如意')).toBe(false);
    expect(testVault.open('redpacket_codes.code', kept?.code as Buffer)).toBe('吉祥如意');
  });

  test('twenty times at once is one row', async () => {
    const order = await anOrder();
    const entered = await Promise.all(Array.from({ length: 20 }, () => enter(order)));
    expect(entered.filter(({ outcome }) => outcome === 'new')).toHaveLength(1);
    expect(new Set(entered.map(({ packet }) => packet?.id)).size).toBe(1);
  });

  test('waits for an entry of the same order that is being written', async () => {
    const order = await anOrder();
    let second: Promise<EnteredRedPacket> | undefined;
    const first = await db.transaction(async (tx) => {
      const entered = await enterRedPacket(tx, testVault, { orderId: order.id, code: '12345678' });
      second = enter(order);
      await pause(100);
      return entered;
    });
    expect(await second).toMatchObject({ outcome: 'same', packet: { id: first.packet?.id } });
  });

  test('while another one waits corrects that one, and leaves it once an operator has seen it', async () => {
    const { order, id } = await waiting();
    expect(await enter(order, 'another')).toMatchObject({ outcome: 'replaced', packet: { id } });
    expect(await claim(id)).toEqual({ code: 'another' });
    expect(await enter(order, 'a third')).toMatchObject({ outcome: 'other_waiting', packet: { id } });
    // Also where the operator let it go: they know the old one.
    await changed(db, `update redpacket_codes set claimed_at = now() - interval '1 day' where id = :id`, { id });
    expect((await enter(order, 'a third')).outcome).toBe('other_waiting');
    const said = await rows<{ what: string }>(db, 'select what from redpacket_events where code_id = :id order by id', {
      id,
    });
    expect(said.map(({ what }) => what).slice(0, 3)).toEqual(['entered', 'replaced', 'claimed']);
  });

  test('that somebody has seen is changed by nobody, whatever the code around it does', async () => {
    const { id } = await waiting();
    await claim(id);
    await expect(changed(db, `update redpacket_codes set code = 'x' where id = :id`, { id })).rejects.toThrow(
      'has been seen',
    );
  });

  test('is not corrected to one that is for another order, and of two orders at once one has it', async () => {
    await waiting('of another order');
    const { order, id } = await waiting('mistyped once');
    expect((await enter(order, 'of another order')).outcome).toBe('used');
    const second = await waiting('mistyped twice');
    const third = await anOrder();
    const outcomes = await Promise.all([order, second.order, third].map((each) => enter(each, 'wanted by three')));
    expect(outcomes.filter(({ outcome }) => outcome === 'used')).toHaveLength(2);
    expect(id).not.toBe(second.id);
  });

  test('is corrected ten times at most', async () => {
    const { order } = await waiting();
    for (let at = 0; at < 10; at += 1) expect((await enter(order, `code ${at}`)).outcome).toBe('replaced');
    expect((await enter(order, 'code 10')).outcome).toBe('other_waiting');
  });

  test('after a rejection is a new row, and the rejected code stays rejected', async () => {
    const { order, id } = await waiting();
    await claim(id);
    await reject(id);
    expect(await enter(order)).toMatchObject({
      outcome: 'same',
      packet: { id, state: 'rejected', reason: 'it was empty' },
    });
    const second = await enter(order, '87654321');
    expect(second).toMatchObject({ outcome: 'new', packet: { state: 'waiting' } });
    expect(second.packet?.id).not.toBe(id);
  });

  test('is over for an order that has expired, and full after ten', async () => {
    const late = await anOrder();
    await changed(db, `update orders set expires_at = now() where id = :id`, { id: late.id });
    expect((await enter(late)).outcome).toBe('over');
    const order = await anOrder();
    for (let at = 0; at < 10; at += 1) {
      const { packet } = await enter(order, `wrong ${at}`);
      await claim(packet?.id ?? 0);
      await reject(packet?.id ?? 0);
    }
    expect((await enter(order, 'wrong 10')).outcome).toBe('full');
  });

  test('without a payment by red packet writes nothing', async () => {
    const order = await anUnpaidOrder(db);
    expect(await enter(order)).toEqual({ outcome: 'new', packet: null });
    expect((await findOrder(db, order.orderNo))?.paymentSeenAt).toBeNull();
  });

  test('is one at a time for the database itself, too', async () => {
    const { order } = await waiting();
    const insert = `insert into redpacket_codes (order_id, attempt_id, code) select order_id, attempt_id, code from redpacket_codes where order_id = :id`;
    await expect(changed(db, insert, { id: order.id })).rejects.toThrow('redpacket_codes_one_waiting');
  });
});

describe('a code that another order has', () => {
  test('is taken by one of many at once, and again once it was rejected', async () => {
    const orders = await Promise.all(Array.from({ length: 8 }, anOrder));
    const entered = await Promise.all(orders.map((order) => enter(order, 'one packet')));
    expect(entered.map(({ outcome }) => outcome).sort()).toEqual(['new', ...Array(7).fill('used')]);
    const id = entered.find(({ packet }) => packet)?.packet?.id ?? 0;
    await claim(id);
    await reject(id);
    const other = await anOrder();
    expect(await enter(other, 'one packet')).toMatchObject({ outcome: 'new' });
  });

  test('stays taken when it was accepted', async () => {
    const { id } = await waiting('taken for good');
    await claim(id);
    await accept(id);
    expect(await enter(await anOrder(), 'taken for good')).toEqual({ outcome: 'used', packet: null });
  });
});

describe('claiming a code', () => {
  test('shows it to one operator, as often as they like, and to nobody else', async () => {
    const { id } = await waiting('open sesame');
    expect(await claim(id)).toEqual({ code: 'open sesame' });
    expect(await claim(id)).toEqual({ code: 'open sesame' });
    expect(await claim(id, 'ben')).toEqual({ refused: 'taken' });
  });

  test('by twenty operators at once gives it to one', async () => {
    const { id } = await waiting();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => claim(id, `operator ${at}`)));
    expect(answers.filter((each) => 'code' in each)).toHaveLength(1);
  });

  test('is possible for another one after half an hour, and the first one cannot decide any more', async () => {
    const { id } = await waiting();
    await claim(id);
    await changed(db, `update redpacket_codes set claimed_at = now() - interval '29 minutes' where id = :id`, { id });
    expect(await claim(id, 'ben')).toEqual({ refused: 'taken' });
    await changed(db, `update redpacket_codes set claimed_at = now() - interval '30 minutes' where id = :id`, { id });
    expect(await claim(id, 'ben')).toEqual({ code: '12345678' });
    expect(await accept(id, 'anna')).toBeUndefined();
    expect(await accept(id, 'ben')).toMatchObject({ state: 'accepted' });
  });

  test('of a code that is decided or not there is refused', async () => {
    const { id } = await waiting();
    await claim(id);
    await accept(id);
    expect(await claim(id)).toEqual({ refused: 'decided' });
    expect(await claim(999_999_999)).toEqual({ refused: 'not_found' });
  });
});

describe('deciding', () => {
  test('is for the operator who has it, once, and written down', async () => {
    const { id } = await waiting();
    expect(await accept(id)).toBeUndefined();
    await claim(id);
    expect(await reject(id, 'ben')).toBeUndefined();
    expect(await accept(id)).toMatchObject({
      state: 'accepted',
      decidedBy: 'anna',
      received: { minor: 1990, currency: 'CNY' },
    });
    expect(await reject(id)).toBeUndefined();
    expect(
      await rows(
        db,
        'select what, actor, amount_minor as minor, reason from redpacket_events where code_id = :id order by id',
        { id },
      ),
    ).toEqual([
      { what: 'entered', actor: 'buyer', minor: null, reason: null },
      { what: 'claimed', actor: 'anna', minor: null, reason: null },
      { what: 'accepted', actor: 'anna', minor: 1990, reason: null },
    ]);
  });

  test('by ten at once is one decision', async () => {
    const { id } = await waiting();
    await claim(id);
    const decided = await Promise.all(Array.from({ length: 10 }, (_, at) => (at % 2 === 0 ? accept(id) : reject(id))));
    expect(decided.filter((each) => each !== undefined)).toHaveLength(1);
  });

  test('is guarded by the database', async () => {
    const { id } = await waiting();
    await claim(id);
    const sql = (changes: string) => changed(db, `update redpacket_codes set ${changes} where id = :id`, { id });
    await expect(sql(`state = 'rejected', decided_by = 'ben', decided_at = now(), reason = 'x'`)).rejects.toThrow(
      'somebody else',
    );
    await reject(id);
    await expect(sql(`state = 'waiting', decided_by = null, decided_at = null, reason = null`)).rejects.toThrow(
      'is decided',
    );
    await expect(db.raw('delete from redpacket_events')).rejects.toThrow('is not allowed');
  });
});

describe('where a payment by red packet stands', () => {
  test('is told from its codes: the waiting one first, then the accepted one', async () => {
    const order = await anOrder();
    const standing = () => redPacketStanding(db, order.orderNo);
    expect(await standing()).toEqual({ state: 'none', paymentId: null, amount: null, decidedAt: null });
    const { packet } = await enter(order);
    const id = packet?.id ?? 0;
    expect((await standing()).state).toBe('waiting');
    await claim(id);
    await accept(id);
    expect(await standing()).toMatchObject({
      state: 'accepted',
      paymentId: `redpacket:${id}`,
      amount: { minor: 1990, currency: 'CNY' },
    });
    const second = (await enter(order, 'another')).packet?.id ?? 0;
    expect((await standing()).state).toBe('waiting');
    await claim(second);
    await reject(second);
    expect((await standing()).paymentId).toBe(`redpacket:${id}`);
  });

  test('is over with a decision: the order may expire again, and its buyer has time for another code', async () => {
    const { order } = await waiting();
    await changed(db, `update orders set expires_at = now() - interval '5 hours' where id = :id`, { id: order.id });
    await redPacketOver(db, order.id, 30);
    const now = await findOrder(db, order.orderNo);
    expect(now?.paymentSeenAt).toBeNull();
    expect(now?.expiresAt.getTime()).toBeGreaterThan(Date.now() + 29 * 60_000);
  });
});

describe('codes are forgotten', () => {
  test('30 days after the decision, and not while one waits', async () => {
    const [old, recent, open] = [await waiting('code of old'), await waiting('code of now'), await waiting()];
    for (const { id } of [old, recent]) {
      await claim(id);
      await reject(id);
    }
    await changed(db, `update redpacket_codes set decided_at = now() - interval '31 days' where id = :id`, old);
    await changed(db, `update redpacket_codes set created_at = now() - interval '60 days' where id = :id`, open);
    await forgetRedPackets(db);
    expect(await Promise.all([old, recent, open].map(async ({ id }) => (await codeOf(id)) === null))).toEqual([
      true,
      false,
      false,
    ]);
    expect(await findRedPacket(db, old.id)).toMatchObject({ state: 'rejected', reason: 'it was empty' });
  });

  test('at once where the buyer asks for it, the waiting one after its decision', async () => {
    const { order, id } = await waiting();
    await forgetUser(db, order.userId ?? 0);
    expect(await codeOf(id)).not.toBeNull();
    await claim(id);
    await reject(id);
    await forgetRedPackets(db);
    expect(await codeOf(id)).toBeNull();
    const decided = await waiting();
    await claim(decided.id);
    await accept(decided.id);
    await forgetUser(db, decided.order.userId ?? 0);
    expect(await codeOf(decided.id)).toBeNull();
  });
});

test('the list has the waiting ones, oldest first, and no codes', async () => {
  const [first, second] = [await waiting('secret-1'), await waiting('secret-2')];
  await claim(first.id);
  await reject(first.id);
  const listed = await listRedPackets(db, false, 1000);
  expect(listed.map(({ id }) => id)).toContain(second.id);
  expect(listed.map(({ id }) => id)).not.toContain(first.id);
  expect(listed.map(({ id }) => id)).toEqual(listed.map(({ id }) => id).sort((one, two) => one - two));
  expect(JSON.stringify(listed)).not.toContain('secret');
  expect((await listRedPackets(db, true, 1000)).map(({ id }) => id)).toContain(first.id);
});
