import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { changed, type Db, row } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { enterRedPacket, findOrder, type Order, promoterOf } from '@mingdan/orders';
import { anAttempt, anUnpaidOrder, aPaidOrder, aUser, testDatabase, testVault } from '@mingdan/orders/testing';
import { type Ran, run, shop } from './given.ts';

let database: TestDatabase;
let db: Db;
let env: Record<string, string>;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
  env = shop(database.url);
});
afterAll(() => database.drop());
// Every test has red packets of its own, whatever their codes.
beforeEach(() => changed(db, 'update redpacket_codes set code_digest = null').then(() => undefined));

const mingdan = (...args: string[]): Promise<Ran> => run(env, args);
const json = async (...args: string[]) => JSON.parse((await run(env, [...args, '--json'])).out);

const CODE = '恭喜发财 8888';
async function waiting(): Promise<{ order: Order; id: string }> {
  const order = await anUnpaidOrder(db);
  await anAttempt(db, order, null, 'redpacket');
  const { packet } = await db.transaction((tx) => enterRedPacket(tx, testVault, { orderId: order.id, code: CODE }));
  return { order, id: String(packet?.id) };
}
const by = (operator: string) => ['--operator', operator];
const status = async (order: Order) => (await findOrder(db, order.orderNo))?.status;

describe('redpacket', () => {
  test('lists the waiting ones without their codes, and says when there is none', async () => {
    expect((await mingdan('redpacket', 'list')).out).toBe('No red-packet code waits.\n');
    const { order, id } = await waiting();
    const { out } = await mingdan('redpacket', 'list');
    expect(out).toContain(`#${id}  ${order.orderNo}  19.90 CNY  waits`);
    const listed = await json('redpacket', 'list');
    expect(listed).toContainEqual(
      expect.objectContaining({ order_no: order.orderNo, amount: '19.90', claimed_by: null }),
    );
    for (const text of [out, JSON.stringify(listed), (await mingdan('redpacket', 'list', '--all')).out])
      expect(text).not.toContain('8888');
  });

  test('claim shows the code to one operator; another one is refused by name', async () => {
    const { id } = await waiting();
    const { code, out } = await mingdan('redpacket', 'claim', id, ...by('anna'));
    expect(code).toBe(0);
    expect(out).toContain(`code: ${CODE}`);
    expect(out).toContain(`mingdan redpacket accept ${id} --amount 19.90`);
    const other = await mingdan('redpacket', 'claim', id, ...by('ben'));
    expect(other).toMatchObject({ code: 1, out: '' });
    expect(other.err).toContain(`red packet ${id} is with anna until`);
    expect((await json('redpacket', 'claim', id, ...by('anna'))).code).toBe(CODE);
    expect((await mingdan('redpacket', 'list')).out).toContain('with: anna, since');
  });

  test('without --operator goes by the login name', async () => {
    const { id } = await waiting();
    expect((await json('redpacket', 'claim', id)).claimed_by).toMatch(/\S/);
  });

  test('accept pays the order, once and by its claimer alone', async () => {
    const { order, id } = await waiting();
    const accept = (name: string) => mingdan('redpacket', 'accept', id, '--amount', '19.90', ...by(name));
    expect((await accept('anna')).err).toContain('Claim it first');
    await mingdan('redpacket', 'claim', id, ...by('anna'));
    expect((await accept('ben')).code).toBe(1);
    expect((await accept('anna')).out).toBe(`${order.orderNo} is paid with 19.90 CNY.\n`);
    expect(await status(order)).toBe('paid');
    expect((await accept('anna')).err).toContain('was accepted by anna');
  });

  test('accept with another amount says that the money is held', async () => {
    const { order, id } = await waiting();
    await mingdan('redpacket', 'claim', id, ...by('anna'));
    expect(await json('redpacket', 'accept', id, '--amount', '9.9', ...by('anna'))).toMatchObject({
      verdict: 'amount_mismatch',
      amount: '19.90',
      received: '9.90',
    });
    expect(await status(order)).toBe('pending_payment');
  });

  test('reject keeps the reason for the buyer', async () => {
    const { order, id } = await waiting();
    await mingdan('redpacket', 'claim', id, ...by('anna'));
    const { out } = await mingdan('redpacket', 'reject', id, '--reason', '口令已被领完', ...by('anna'));
    expect(out).toContain(order.orderNo);
    const [decided] = (await json('redpacket', 'list', '--all')) as { id: number; state: string; reason: string }[];
    expect(decided).toMatchObject({ id: Number(id), state: 'rejected', reason: '口令已被领完' });
    expect(await row(db, `select 1 as told from outbox where dedupe_key = 'redpacket-rejected:${id}'`)).toEqual({
      told: 1,
    });
  });

  test('show tells who did what, and when, and never the code', async () => {
    const { order, id } = await waiting();
    await mingdan('redpacket', 'claim', id, ...by('anna'));
    await mingdan('redpacket', 'accept', id, '--amount', '19.90', ...by('anna'));
    const shown = await json('redpacket', 'show', id);
    expect(shown).toMatchObject({ id: Number(id), order_no: order.orderNo, state: 'accepted' });
    expect(shown.events).toEqual([
      { what: 'entered', actor: 'buyer', received: null, currency: null, reason: null, at: expect.any(String) },
      { what: 'claimed', actor: 'anna', received: null, currency: null, reason: null, at: expect.any(String) },
      { what: 'accepted', actor: 'anna', received: '19.90', currency: 'CNY', reason: null, at: expect.any(String) },
    ]);
    const { out } = await mingdan('redpacket', 'show', id);
    expect(out).toMatch(/entered {2}the buyer\n.*claimed {2}anna\n.*accepted {2}anna {2}.*19\.90/);
    expect(out + JSON.stringify(shown)).not.toContain(CODE);
    const missing = await mingdan('redpacket', 'show', '999999');
    expect(missing.code).toBe(1);
    expect(missing.err).toContain('mingdan redpacket list --all');
  });

  test.each([
    [['show', 'x']],
    [['claim']],
    [['claim', 'x']],
    [['accept', '1']],
    [['accept', '1', '--amount', '0', '--operator', 'anna']],
    [['reject', '1']],
    [['reject', '1', '--reason', ' ', '--operator', 'anna']],
    [['claim', '1', '--operator', ' ']],
  ])('%j is wrong use', async (words) => {
    expect(await mingdan('redpacket', ...words)).toMatchObject({ code: 2, out: '' });
  });

  test('an amount that is none, or a red packet that is not there, is told', async () => {
    expect((await mingdan('redpacket', 'accept', '1', '--amount', '-5', ...by('anna'))).err).toContain(
      'is no amount in CNY',
    );
    expect((await mingdan('redpacket', 'claim', '999999', ...by('anna'))).err).toContain(
      'there is no red packet 999999',
    );
  });
});

describe('coins', () => {
  test('grant gives them, and show lists them, by Telegram id', async () => {
    const user = await aUser(db);
    const grant = ['coins', 'grant', String(user.telegramId), '50', '--reason', 'sorry', ...by('anna')];
    expect((await mingdan(...grant)).out).toBe(`User ${user.telegramId} got 50 coins and has 50 now.\n`);
    expect(await json('coins', 'grant', `tg:${user.telegramId}`, '5', '--reason', 'more')).toMatchObject({
      balance: 55,
    });
    const shown = await json('coins', 'show', `tg:${user.telegramId}`);
    expect(shown).toMatchObject({
      user_id: user.telegramId,
      balance: 55,
      entries: [{ amount: 5 }, { amount: 50, actor: 'anna', reason: 'sorry' }],
    });
    expect((await mingdan('coins', 'show', String(user.telegramId), '--limit', '1')).out).toMatch(
      /^User \d+ has 55 coins\.\n.*\+5 {2}= 55 {2}more/,
    );
  });

  test('grant with a key happens once', async () => {
    const user = await aUser(db);
    const grant = ['coins', 'grant', String(user.telegramId), '50', '--reason', 'prize', '--key', `prize-${user.id}`];
    expect(await json(...grant)).toMatchObject({ outcome: 'granted', balance: 50 });
    expect(await json(...grant)).toMatchObject({ outcome: 'already_granted', balance: 50 });
  });

  test.each([
    [['grant', '1', '5']],
    [['grant', '1', '-5', '--reason', 'x']],
    [['grant', '1', '1.5', '--reason', 'x']],
    [['grant', 'anna', '5', '--reason', 'x']],
    [['show']],
  ])('%j is wrong use', async (words) => {
    expect(await mingdan('coins', ...words)).toMatchObject({ code: 2, out: '' });
  });

  test('of a user who is not there is told', async () => {
    const { code, err } = await mingdan('coins', 'grant', '999999999', '5', '--reason', 'x');
    expect(code).toBe(1);
    expect(err).toContain('there is no user 999999999');
  });
});

test.each(['redpacket', 'redpacket claim', 'redpacket accept', 'redpacket reject', 'coins grant', 'coins show'])(
  'help is there for %s, without settings',
  async (words) => {
    const { code, out } = await run({}, [...words.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: mingdan ${words}`);
  },
);

describe('coupons', () => {
  test('are added once, listed with their uses, and ended', async () => {
    expect(await json('coupons', 'add', 'spring-10', '10%', '--uses', '5', '--products', 'bazi-full')).toEqual({
      code: 'SPRING-10',
      off: '10%',
    });
    expect(await mingdan('coupons', 'add', 'SPRING-10', '5.00')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there already'),
    });
    expect(await json('coupons', 'list')).toMatchObject([
      { code: 'SPRING-10', percent: 10, products: ['bazi-full'], uses: 0, most_uses: 5, active: true },
    ]);
    expect(await json('coupons', 'off', 'spring-10')).toEqual({ code: 'SPRING-10', active: false });
    expect(await mingdan('coupons', 'off', 'spring-10')).toMatchObject({ code: 1 });
  });

  test.each(['0%', '101%', '-5', 'half', '0.00'])('take nothing but a percentage or an amount: %s', async (off) => {
    expect((await mingdan('coupons', 'add', 'ODD-1', off)).code).not.toBe(0);
  });
});

describe('withdrawals of promoters', () => {
  test('are listed with where they should go, and paid once', async () => {
    const promoter = await promoterOf(db, (await aUser(db)).id);
    const { id: orderId } = await aPaidOrder(db);
    await changed(
      db,
      `insert into promoter_credits (order_id, promoter_id, amount_minor, currency, commission_minor, held_until)
       values (:orderId, :id, 1990, 'CNY', 199, now() - interval '1 day')`,
      { orderId, id: promoter.id },
    );
    await changed(
      db,
      `insert into promoter_withdrawals (promoter_id, amount_minor, currency, destination) values (:id, 199, 'CNY', :where)`,
      { id: promoter.id, where: testVault.seal('promoter_withdrawals.destination', 'Alipay anna') },
    );
    const [open] = (await json('promoters', 'withdrawals')) as { id: number }[];
    expect(open).toMatchObject({ amount: '1.99', currency: 'CNY', destination: 'Alipay anna', code: promoter.code });
    expect(await json('promoters', 'pay', String(open?.id), ...by('anna'))).toMatchObject({ outcome: 'paid' });
    expect(await mingdan('promoters', 'pay', String(open?.id), ...by('anna'))).toMatchObject({ code: 1 });
    expect(await json('promoters', 'rate', promoter.code, '12.5')).toEqual({ code: promoter.code, percent: 12.5 });
    expect(await mingdan('promoters', 'rate', promoter.code, '101')).toMatchObject({ code: 1 });
  });
});
