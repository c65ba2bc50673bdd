import { expect } from '@jest/globals';
import { row } from '@mingdan/db';
import { type GatewayName, gatewayNames } from '../../../apps/sandbox/src/index.ts';
import { Buyer } from '../../support/buyer.ts';
import type { Shop } from '../../support/shop.ts';
import { until } from '../../support/until.ts';
import { Api, type Opened } from './api.ts';
import { booksOf } from './books.ts';

export interface Way {
  readonly provider: string;
  readonly method: string;
  readonly from: 'chat' | 'api';
  /** what comes of a refund at first */
  readonly refund: 'succeeded' | 'manual';
}

interface Placed {
  readonly orderNo: string;
  readonly token: string;
  readonly buyer: Buyer | undefined;
}

const byApi = { from: 'api', refund: 'succeeded' } as const;
const inChat = { from: 'chat', refund: 'succeeded' } as const;

export const ways: readonly Way[] = [
  { provider: 'pingpong', method: 'PINGPONG_CHECKOUT', ...inChat },
  { provider: 'alipay', method: 'ALIPAY_WAP', ...inChat },
  { provider: 'alipay', method: 'ALIPAY_WEB', ...byApi },
  { provider: 'alipay', method: 'ALIPAY_APP', ...byApi },
  { provider: 'alipay', method: 'ALIPAY_QR', ...byApi },
  { provider: 'wechat', method: 'WECHAT_NATIVE', ...inChat },
  { provider: 'wechat', method: 'WECHAT_JSAPI', ...byApi },
  { provider: 'wechat', method: 'WECHAT_APP', ...byApi },
  { provider: 'wechat', method: 'WECHAT_H5', ...byApi },
  { provider: 'stripe', method: 'STRIPE_CHECKOUT', ...inChat },
  { provider: 'oxapay', method: 'OXAPAY_INVOICE', from: 'api', refund: 'manual' },
  { provider: 'stars', method: 'STARS_INVOICE', ...inChat },
  { provider: 'points', method: 'POINTS', ...inChat },
  { provider: 'redpacket', method: 'ALIPAY_REDPACKET', from: 'api', refund: 'manual' },
  { provider: 'mock', method: 'MOCK_CHECKOUT', ...byApi },
];

/** From the order to the money that is back, as buyers, sellers and operators go through it. */
export class Story {
  readonly shop: Shop;
  readonly api: Api;

  constructor(shop: Shop) {
    this.shop = shop;
    this.api = new Api(shop);
  }

  async play(way: Way): Promise<string> {
    const placed = await this.place(way);
    await this.pay(way, placed);
    await this.delivered(way, placed);
    await this.giveBack(way, placed);
    await this.repeatNotices(way, placed.orderNo);
    await this.checkBooks(way, placed.orderNo);
    return placed.orderNo;
  }

  /** An unpaid order with its payment opened; coins pay at once. */
  async place(way: Way): Promise<Placed> {
    if (way.from === 'chat') return this.placeInChat(way);
    const { orderNo, token } = await this.api.order();
    return { orderNo, token, buyer: undefined };
  }

  private async placeInChat({ provider }: Way): Promise<Placed> {
    const buyer = new Buyer(this.shop);
    const { telegram } = this.shop.control;
    await buyer.choose('bazi-basic');
    if (provider === 'points') {
      const granted = await this.shop.mingdan('coins', 'grant', `tg:${buyer.id}`, '100000', '--reason', 'to pay with');
      expect(granted).toMatchObject({ code: 0 });
    }
    buyer.confirm();
    const { button } = await telegram.waitForButton(buyer.id, new RegExp(`^pay:${provider}:`));
    telegram.press(buyer.id, new RegExp(`^pay:${provider}:`));
    return { orderNo: button.callback_data?.split(':').at(-1) ?? '', token: '', buyer };
  }

  private async pay(way: Way, { orderNo, token, buyer }: Placed): Promise<void> {
    if (way.provider !== 'points') expect(await this.api.status(orderNo)).toMatchObject({ payment_status: 'waiting' });
    if (way.provider === 'stars' && buyer) return this.payStars(buyer);
    if (way.provider === 'points') return;
    if (way.provider === 'redpacket') return this.payRedPacket(orderNo, token);
    const payment = await this.api.open(way.provider, way.method, orderNo);
    // The same order and method again is the same payment.
    const again = await this.api.open(way.provider, way.method, orderNo);
    expect(again).toMatchObject(way.provider === 'alipay' ? { order_no: orderNo } : payment);
    if (way.provider === 'mock') {
      expect(await this.api.call('POST', `/api/payment/mock/success/${orderNo}`)).toMatchObject({ status: 200 });
      return;
    }
    expect(await this.api.comesBack({ order_no: orderNo })).toBe('pending_payment.waiting.none.none');
    await fetch(`${await this.pageOf(payment)}/pay`, { method: 'POST', redirect: 'manual' });
  }

  private async payStars(buyer: Buyer): Promise<void> {
    const { stars } = this.shop.control.telegram;
    await stars.waitForInvoice(buyer.id);
    expect(await stars.pay(buyer.id)).toMatchObject({ paid: true });
  }

  /** @param amount what the operator finds in it */
  async payRedPacket(orderNo: string, token: string, amount = '19.90'): Promise<void> {
    const code = String(Date.now()).slice(-8);
    const entered = await this.api.call('POST', `/api/order/${orderNo}/redpacket`, { code, token });
    expect(entered).toMatchObject({ status: 200, body: { data: { status: 'waiting' } } });
    const packet = await row<{ id: number }>(
      this.shop.db,
      'select c.id from redpacket_codes c join orders o on o.id = c.order_id where order_no = :orderNo',
      { orderNo },
    );
    const claimed = await this.shop.mingdan('redpacket', 'claim', String(packet?.id), '--operator', 'li');
    expect(claimed.out).toContain(code);
    const accepted = ['redpacket', 'accept', String(packet?.id), '--amount', amount, '--operator', 'li'];
    expect(await this.shop.mingdan(...accepted)).toMatchObject({ code: 0 });
  }

  /** Where the buyer gets to: by the link, or by scanning or handing on what there is instead. */
  async pageOf(payment: Opened): Promise<string> {
    const texts = [payment.qr_code, ...Object.values(payment.client_params ?? {})].filter((text) => text !== undefined);
    const scan = `${this.shop.sandbox.url}/scan?text=`;
    const links = [payment.payment_url, ...texts.map((text) => `${scan}${encodeURIComponent(text)}`)];
    for (const link of links) {
      const page = link === undefined ? undefined : await fetch(link);
      await page?.arrayBuffer();
      if (page?.ok) return page.url;
    }
    throw new Error(`nothing leads to the payment page: ${JSON.stringify(payment)}`);
  }

  private async delivered(way: Way, { orderNo, buyer }: Placed): Promise<void> {
    await this.shop.untilDelivered(orderNo);
    expect(await this.api.status(orderNo)).toMatchObject({
      status: 'completed',
      payment_status: 'paid',
      refund_status: 'none',
      delivery: 'delivered',
    });
    expect(await this.api.page(orderNo)).toBe('completed.paid.none.delivered');
    expect(await this.shop.moves(orderNo)).toEqual(['pending_payment', 'paid', 'generating', 'completed']);
    if (!buyer) return;
    expect({ way, paid: buyer.count('收到付款') }).toEqual({ way, paid: 1 });
    expect(await buyer.reportAsRead(orderNo)).toEqual(await buyer.wholeReport(orderNo));
  }

  private async giveBack({ provider, refund }: Way, { orderNo, buyer }: Placed): Promise<void> {
    const asked = await this.api.refund(provider, orderNo, { refundId: `r-${orderNo}` });
    expect(asked.refund_id).toBe(`r-${orderNo}`);
    expect([refund, 'requested', 'pending']).toContain(asked.status);
    if (refund === 'manual') expect(asked.status).toBe('manual');
    // The same id again is the same refund.
    expect(await this.api.refund(provider, orderNo, { refundId: `r-${orderNo}` })).toMatchObject({
      amount: asked.amount,
    });
    await this.refundIs(orderNo, refund);
    if (refund === 'manual') await this.giveBackByHand(provider, orderNo);
    expect(await this.api.status(orderNo)).toMatchObject({ status: 'completed', payment_status: 'refunded' });
    expect(await this.api.page(orderNo)).toMatch(/^completed\.refunded\.succeeded\./);
    await buyer?.hears(/退款/);
  }

  private refundIs(orderNo: string, status: string): Promise<unknown> {
    return until(
      async () => (await this.api.status(orderNo)).refund_status === status,
      `the refund of ${orderNo} is ${status}`,
    );
  }

  /** OxaPay tells of what its console gave back; a red packet's operator says so. */
  private async giveBackByHand(provider: string, orderNo: string): Promise<void> {
    const todo = await until(
      () =>
        row<{ id: number }>(
          this.shop.db,
          `select i.id from inbox_items i join orders o on o.id = i.order_id where i.kind = 'refund_refused' and order_no = :orderNo`,
          { orderNo },
        ),
      `operators have the refund of ${orderNo} to do`,
    );
    if (provider === 'oxapay') {
      const oxapay = this.shop.control.gateway('oxapay');
      await oxapay.refundInConsole(orderNo);
      await oxapay.sendNotice(orderNo, { status: 'Refunded' });
    } else {
      const resolved = await this.shop.mingdan('inbox', 'resolve', String(todo.id), '--paid-by-hand', '--note', 'sent');
      expect(resolved).toMatchObject({ code: 0 });
    }
    await this.refundIs(orderNo, 'succeeded');
  }

  /** Everything that the gateway ever said of the order, once more. */
  private async repeatNotices({ provider }: Way, orderNo: string): Promise<void> {
    const name: GatewayName | undefined = gatewayNames.find((each) => each === provider);
    if (!name) return;
    const gateway = this.shop.control.gateway(name);
    const told = gateway.notices().filter((notice) => notice.orderId === orderNo);
    expect(told.length).toBeGreaterThan(0);
    for (const { id } of told) {
      const again = await fetch(`${this.shop.sandbox.url}/panel/api/${name}/notices/${id}/again`, { method: 'POST' });
      expect(again.ok).toBe(true);
    }
    await until(
      () => gateway.notices().every((notice) => notice.orderId !== orderNo || notice.state === 'taken'),
      `each notice of ${orderNo} is acknowledged as ${name} wants it`,
    );
  }

  private async checkBooks({ provider }: Way, orderNo: string): Promise<void> {
    const { payments, refunds } = await booksOf(this.shop.db, orderNo);
    expect({ provider, payments }).toMatchObject({ provider, payments: [{ status: 'refunded' }] });
    expect(payments[0]?.refundedMinor).toBe(payments[0]?.amountMinor);
    expect({ provider, refunds }).toMatchObject({
      provider,
      refunds: [{ status: 'succeeded', reason: 'refund_asked' }],
    });
    expect(await this.shop.moves(orderNo)).toEqual(['pending_payment', 'paid', 'generating', 'completed']);
    const flagged = await row(
      this.shop.db,
      'select verdict from payment_notifications where order_no = :orderNo and flag is not null',
      { orderNo },
    );
    expect({ provider, flagged }).toEqual({ provider, flagged: undefined });
  }
}
