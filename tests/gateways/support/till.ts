import { changed, row } from '@mingdan/db';
import type { GatewayControl, GatewayName } from '../../../apps/sandbox/src/index.ts';
import type { Shop } from '../../support/shop.ts';
import { until } from '../../support/until.ts';
import { Api } from './api.ts';
import { booksOf, type Matter, matter } from './books.ts';
import { Story } from './story.ts';

const METHODS: Readonly<Record<GatewayName, string>> = {
  pingpong: 'PINGPONG_CHECKOUT',
  alipay: 'ALIPAY_WEB',
  wechat: 'WECHAT_NATIVE',
  stripe: 'STRIPE_CHECKOUT',
  oxapay: 'OXAPAY_INVOICE',
};

/** One order at one gateway, its buyer before the payment page, and the operators who answer for its money. */
export class AtTill {
  readonly shop: Shop;
  readonly api: Api;
  readonly provider: GatewayName;
  readonly orderNo: string;

  private constructor(shop: Shop, provider: GatewayName, orderNo: string) {
    this.shop = shop;
    this.api = new Api(shop);
    this.provider = provider;
    this.orderNo = orderNo;
  }

  static async open(shop: Shop, provider: GatewayName, orderNo?: string): Promise<AtTill> {
    const api = new Api(shop);
    const till = new AtTill(shop, provider, orderNo ?? (await api.order()).orderNo);
    // Some gateways know no payment before a buyer has seen it.
    await new Story(shop).pageOf(await api.open(provider, METHODS[provider], till.orderNo));
    return till;
  }

  static async paid(shop: Shop, provider: GatewayName): Promise<AtTill> {
    const till = await AtTill.open(shop, provider);
    await till.act('pay');
    await till.delivered();
    return till;
  }

  get gateway(): GatewayControl {
    return this.shop.control.gateway(this.provider);
  }

  act(action: string): Promise<void> {
    return this.gateway.act(this.orderNo, action);
  }

  async delivered(): Promise<void> {
    await this.shop.untilDelivered(this.orderNo);
  }

  expires(): Promise<void> {
    return passExpiry(this.shop, this.orderNo);
  }

  books() {
    return booksOf(this.shop.db, this.orderNo);
  }

  matter(kind: string): Promise<Matter> {
    return matter(this.shop, this.orderNo, kind);
  }

  async status(): Promise<string> {
    return (await this.shop.order(this.orderNo)).status;
  }

  async resolve(kind: string, ...answer: string[]): Promise<{ code: number; out: string; err: string }> {
    const { id } = await this.matter(kind);
    return this.shop.mingdan('inbox', 'resolve', String(id), ...answer);
  }

  async held(): Promise<{ status: string; by: string | null; hoursLeft: number } | undefined> {
    return row(
      this.shop.db,
      `select h.status, h.settled_by as by, round(extract(epoch from h.decide_by - now()) / 3600)::integer as "hoursLeft"
         from held_payments h join orders o on o.id = h.order_id where order_no = :orderNo`,
      { orderNo: this.orderNo },
    );
  }

  /** Nobody has decided about the held money in 72 hours. */
  async nobodyDecides(): Promise<void> {
    await this.matter('money_unmatched');
    await changed(
      this.shop.db,
      `update held_payments h set decide_by = now() from orders o where o.id = h.order_id and order_no = :orderNo`,
      { orderNo: this.orderNo },
    );
  }

  async refundIs(status: string): Promise<void> {
    let books: unknown;
    await until(
      async () => {
        const now = await this.books();
        books = now;
        return now.refunds.some((refund) => refund.status === status);
      },
      () => `a refund of ${this.orderNo} by ${this.provider} is ${status}: ${JSON.stringify(books)}`,
    );
  }
}

/** The time of the order is over, and the worker has ended it. */
export async function passExpiry(shop: Shop, orderNo: string): Promise<void> {
  await changed(shop.db, `update orders set expires_at = now() - interval '1 minute' where order_no = :orderNo`, {
    orderNo,
  });
  await until(async () => (await shop.moves(orderNo)).length > 1, `${orderNo} has ended`);
}
