import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { changed, type Db } from '@mingdan/db';
import type { TestDatabase } from '@mingdan/db/testing';
import { orderLinkToken } from '@mingdan/operations';
import type { Order } from '@mingdan/orders';
import { anUnpaidOrder, aPaidOrder, testDatabase } from '@mingdan/orders/testing';
import request from 'supertest';
import type { ReadableReport } from '../../src/http/deps.ts';
import { GatewayInMemory, operationsWith } from './gateways.ts';
import { anApp, completed, testSettings } from './support.ts';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await testDatabase();
  db = database.db;
});
afterAll(() => database.drop());

const CHART = {
  pillars: { year: '庚午', month: '辛巳', day: '庚辰', hour: '癸未' },
  nayin: { year: '路旁土', month: '白蜡金', day: '白蜡金', hour: '杨柳木' },
};
const REPORT: ReadableReport = {
  title: '张三的八字简批',
  markdown: '## 性格\n\n你为人**稳重**。\n\n| 年 | 运 |\n|---|---|\n| 2027 | 平 |',
  chart: CHART,
};

const tokenOf = (order: Pick<Order, 'orderNo'>) => orderLinkToken(testSettings, order.orderNo);

function open(order: Pick<Order, 'orderNo'>, token?: string, report: ReadableReport | undefined = REPORT) {
  const { app } = anApp(db, { readReport: async () => report });
  return request(app)
    .get(`/order/${order.orderNo}${token === undefined ? '' : `?t=${encodeURIComponent(token)}`}`)
    .set('Accept-Language', 'zh-CN');
}

describe('the order page by its number alone', () => {
  test('shows state and amount, and says where the rest is', async () => {
    const order = await anUnpaidOrder(db);
    const { text } = await open(order).expect(200).expect('Content-Type', /html/);
    expect(text).toContain('等待付款');
    expect(text).toContain('¥19.90');
    expect(text).toContain(order.orderNo);
    expect(text).toContain('专属链接');
  });

  test('shows no report, no chart, no product and no way to pay', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const { text } = await open(order);
    for (const secret of ['张三', '稳重', '庚', '八字简批']) expect(text).not.toContain(secret);
    const unpaid = await anUnpaidOrder(db);
    expect((await open(unpaid)).text).not.toContain('/pay/');
  });

  test('does not even read the report', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const readReport = async (): Promise<never> => {
      throw new Error('was read');
    };
    await request(anApp(db, { readReport }).app).get(`/order/${order.orderNo}?t=wrong`).expect(200);
  });

  test.each(['REPORT_20261121_ZZZZZZZZ', 'nonsense', '%3Cscript%3E'])('answers %s with a 404 page', async (orderNo) => {
    const reply = await open({ orderNo }).expect(404);
    expect(reply.text).toContain('找不到这个页面');
    expect(reply.text).not.toContain('<script>');
  });
});

describe('the order page by the signed link', () => {
  test('shows the report with its chart and tables', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const { text } = await open(order, tokenOf(order)).expect(200);
    expect(text).toContain('张三的八字简批');
    expect(text).toContain('<strong>稳重</strong>');
    expect(text).toMatch(/<td lang="zh" class="glyph metal">庚<\/td>/);
    expect(text).toContain('路旁土');
    expect(text).toContain('<td>2027</td>');
  });

  test('shows the title once, though the report begins with it', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const { text } = await open(order, tokenOf(order), { ...REPORT, markdown: `# ${REPORT.title}\n\n## 性格\n\n稳重` });
    expect(text.split(REPORT.title)).toHaveLength(2);
    expect(text).toContain('<h2>性格</h2>');
  });

  test('shows three pillars where the hour is unknown', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const report = { ...REPORT, chart: { pillars: { ...CHART.pillars, hour: null } } };
    expect((await open(order, tokenOf(order), report)).text).toContain('<td class="unknown">不详</td>');
  });

  test('shows a report without a chart, whatever is saved in its place', async () => {
    const order = await completed(db, await aPaidOrder(db));
    for (const chart of [null, undefined, 'text', { pillars: { year: 1 } }]) {
      const { text } = await open(order, tokenOf(order), { ...REPORT, chart }).expect(200);
      expect(text).not.toContain('class="chart"');
      expect(text).toContain('稳重');
    }
  });

  test('says so when the report was deleted', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const { app } = anApp(db);
    const { text } = await request(app).get(`/order/${order.orderNo}?t=${tokenOf(order)}&lang=en`);
    expect(text).toContain('has been deleted');
  });

  test('opens under an older key as well', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const older = orderLinkToken({ secretKeys: [...testSettings.secretKeys].reverse() }, order.orderNo);
    expect((await open(order, older)).text).toContain('稳重');
  });

  test('refuses a forged token, another order’s token and a changed one, and still shows the state', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const other = await completed(db, await aPaidOrder(db));
    const token = tokenOf(order);
    const changedToken = `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`;
    for (const wrong of [
      '',
      'x',
      tokenOf(other),
      changedToken,
      `${token}A`,
      orderLinkToken({ secretKeys: ['x'.repeat(32)] }, order.orderNo),
    ]) {
      const { text } = await open(order, wrong).expect(200);
      expect(text).not.toContain('稳重');
      expect(text).toContain('不完整或已失效');
      expect(text).not.toContain(token);
    }
  });

  test('offers the payment while the order is unpaid, and not after its time is over', async () => {
    const order = await anUnpaidOrder(db);
    const operations = operationsWith(db, [new GatewayInMemory('pingpong')]);
    const { app } = anApp(db, { operations });
    const page = () => request(app).get(`/order/${order.orderNo}?t=${tokenOf(order)}`);
    expect((await page()).text).toContain(`href="/order/${order.orderNo}/pay/pingpong?t&#61;${tokenOf(order)}`);
    await changed(db, `update orders set expires_at = now() - interval '1 second' where id = :id`, { id: order.id });
    const { text } = await page();
    expect(text).not.toContain('/pay/');
    expect(text).toContain('付款期限已过');
  });

  test('keeps the token in the links to the other languages', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const { text } = await open(order, tokenOf(order));
    const address = /href="([^"]*lang&#61;en)"/.exec(text)?.[1]?.replaceAll('&#61;', '=').replaceAll('&#38;', '&');
    const english = await request(anApp(db, { readReport: async () => REPORT }).app).get(String(address));
    expect(english.text).toContain('<html lang="en">');
    expect(english.text).toContain('稳重');
  });
});

describe('what a report or a name may smuggle in', () => {
  const NASTY = '<script>alert(1)</script><img src=x onerror=alert(2)>"\'`';

  test('is shown as text or dropped, never run', async () => {
    const order = await completed(db, await aPaidOrder(db));
    await changed(db, 'update orders set product_names = :names::jsonb where id = :id', {
      id: order.id,
      names: JSON.stringify({ 'zh-CN': NASTY }),
    });
    const report = {
      title: NASTY,
      markdown: `# ${NASTY}\n\n[x](javascript:alert(3)) <iframe src="//evil"></iframe> ![a](https://evil.example/pixel.png)`,
      chart: { pillars: { year: NASTY, month: NASTY, day: NASTY, hour: NASTY }, nayin: { year: NASTY } },
    };
    const { text } = await open(order, tokenOf(order), report).expect(200);
    expect(text).not.toMatch(/<script>|<img|<iframe|javascript:|pixel\.png/);
    expect(text).not.toMatch(/<[^>]*\sonerror/);
    expect(text).toContain('&#60;script&#62;');
  });

  test('would not run either: only files of our own may', async () => {
    const order = await anUnpaidOrder(db);
    const policy = String((await open(order)).headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });
});

describe('every order page', () => {
  test('is kept by nobody, found by no search engine and tells no other site its address', async () => {
    const order = await anUnpaidOrder(db);
    const { headers } = await open(order, tokenOf(order));
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    expect(headers['x-powered-by']).toBeUndefined();
  });

  test('has no inline script or style', async () => {
    const order = await completed(db, await aPaidOrder(db));
    const { text } = await open(order, tokenOf(order));
    expect(text).not.toMatch(/<style|\sstyle=|<script(?![^>]* src=)|\son\w+=/);
  });

  test('stays true without scripts while something may still change, and rests when it is over', async () => {
    const waiting = await anUnpaidOrder(db);
    expect((await open(waiting)).text).toMatch(/<noscript><meta http-equiv="refresh" content="9"><\/noscript>/);
    const over = await completed(db, await aPaidOrder(db));
    expect((await open(over)).text).not.toContain('http-equiv="refresh"');
  });

  test('tells its script what the API will say as long as nothing changes', async () => {
    const order = await aPaidOrder(db);
    const { text } = await open(order);
    const { body } = await request(anApp(db).app).get(`/api/order-status/${order.orderNo}`);
    const { status, payment_status, refund_status } = body.data;
    expect(text).toContain(`data-state="${status}.${payment_status}.${refund_status}.none"`);
    expect(text).toContain('data-poll="3"');
  });

  test.each([
    ['zh-CN', '<html lang="zh-CN">', '已付款'],
    ['zh-TW', '<html lang="zh-TW">', '訂單編號'],
    ['en-US', '<html lang="en">', 'Your payment has arrived'],
  ])('speaks %s', async (language, tag, words) => {
    const order = await aPaidOrder(db);
    const { text } = await request(anApp(db).app).get(`/order/${order.orderNo}`).set('Accept-Language', language);
    expect(text).toContain(tag);
    expect(text).toContain(words);
  });

  test('answers HEAD, and no other method than GET', async () => {
    const order = await anUnpaidOrder(db);
    const { app } = anApp(db);
    expect((await request(app).head(`/order/${order.orderNo}`).expect(200)).text).toBeUndefined();
    expect((await request(app).post(`/order/${order.orderNo}`).expect(405)).headers.allow).toBe('GET, HEAD');
  });
});
