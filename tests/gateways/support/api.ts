import { z } from 'zod';
import type { Shop } from '../../support/shop.ts';

const BIRTH = { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' };
const PATIENCE_MS = 10_000;

const anything = z.record(z.string(), z.unknown());
const ordered = z.object({ order_no: z.string(), order_url: z.string(), payment_url: z.string().optional() });
const opened = z.object({
  order_no: z.string(),
  payment_url: z.string().optional(),
  qr_code: z.string().optional(),
  client_params: z.record(z.string(), z.string()).optional(),
  track_id: z.string().optional(),
});
const orderStatus = z.object({
  status: z.string(),
  payment_status: z.string(),
  refund_status: z.string(),
  delivery: z.string().optional(),
});
const refunded = z.object({ refund_id: z.string(), status: z.string(), amount: z.number() });

export type Opened = z.infer<typeof opened>;

export interface PlacedOrder {
  readonly orderNo: string;
  /** of its signed link */
  readonly token: string;
  readonly paymentUrl: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A seller's server and its buyers, as the HTTP API sees them. */
export class Api {
  private readonly shop: Shop;

  constructor(shop: Shop) {
    this.shop = shop;
  }

  async call(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
    const answer = await fetch(`${this.shop.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.shop.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return { status: answer.status, body: anything.parse(await answer.json()) };
  }

  /** @throws Error naming the whole answer, where it is a refusal */
  private async data<T>(what: z.ZodType<T>, method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const answer = await this.call(method, path, body);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return what.parse(answer.body.data);
  }

  /** @param paymentMethod left out: made unpaid, and paid through `open` */
  async order(paymentMethod?: string, slug = 'bazi-basic'): Promise<PlacedOrder> {
    const placed = await this.data(ordered, 'POST', '/api/create-order', {
      product_slug: slug,
      email: 'buyer@example.com',
      input: BIRTH,
      ...(paymentMethod === undefined ? {} : { payment_method: paymentMethod }),
    });
    const token = new URL(placed.order_url).searchParams.get('t') ?? '';
    return { orderNo: placed.order_no, token, paymentUrl: placed.payment_url };
  }

  open(provider: string, method: string, orderNo: string): Promise<Opened> {
    const wish = {
      orderId: orderNo,
      method,
      amount: '19.90',
      subject: 'a report',
      openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
    };
    return this.data(opened, 'POST', `/api/v1/payments/${provider}/create`, wish);
  }

  status(orderNo: string) {
    return this.data(orderStatus, 'GET', `/api/order-status/${orderNo}`);
  }

  refund(provider: string, orderNo: string, wish: { amount?: string; refundId?: string } = {}) {
    return this.data(refunded, 'POST', `/api/v1/payments/${provider}/refund`, { orderId: orderNo, ...wish });
  }

  /** Comes back from a gateway with these fields. @returns what the order page says: order, payment, refund, delivery */
  async comesBack(fields: Readonly<Record<string, string>>): Promise<string> {
    const page = await fetch(`${this.shop.url}/payment/success?${new URLSearchParams(fields)}`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return stateIn(await page.text());
  }

  async page(orderNo: string): Promise<string> {
    const page = await fetch(`${this.shop.url}/order/${orderNo}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    return stateIn(await page.text());
  }
}

function stateIn(page: string): string {
  return /data-state="([^"]*)"/.exec(page)?.[1] ?? 'no order page';
}
