import { messageOf } from '@mingdan/kernel';
import express, { type Request, type Response, type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { OrderWatch } from '../order-watch.ts';
import { orderByNumber } from '../orders-by-number.ts';
import { statusOfOrder } from '../status-of-order.ts';
import { coinPart } from './coins/status.ts';

const HEARTBEAT_MS = 15_000;
/** Then a browser connects again by itself: nobody holds a connection for ever. */
const LONGEST_MS = 10 * 60_000;
const AGAIN_AFTER_MS = 2_000;
/** Id of the last event: whoever comes back with it has seen the end. */
const END = 'end';

/** `GET /api/order-events/<order_no>`: what `/api/order-status` tells, as it happens. */
export function orderEventRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const watch = new OrderWatch(deps);
  router
    .route('/api/order-events/:orderNo')
    .get(async (req, res) => {
      const { orderNo } = await orderByNumber(deps.db, req.params.orderNo);
      // 204 is what stops a browser from connecting again.
      if (req.get('last-event-id') === END) return void res.status(204).end();
      if (req.method === 'HEAD') return void res.type('text/event-stream').end();
      await stream(deps, watch, orderNo, req, res);
    })
    .all(onlyAllow('GET, HEAD'));
  return router;
}

async function stream(deps: HttpDeps, watch: OrderWatch, orderNo: string, req: Request, res: Response): Promise<void> {
  const teller = new Teller(deps, orderNo, res);
  const stop = watch.watch(orderNo, req.ip ?? '', () => void teller.tell());
  if (!stop) throw new HttpError(503, 'too_many_listeners', 'Too many wait for events: ask /api/order-status instead');
  const close = (): void => {
    res.end();
  };
  const heartbeat = setInterval(() => res.write(': still here\n\n'), HEARTBEAT_MS);
  const enough = setTimeout(close, LONGEST_MS);
  deps.stopping?.addEventListener('abort', close);
  res.once('close', () => {
    stop();
    clearInterval(heartbeat);
    clearTimeout(enough);
    deps.stopping?.removeEventListener('abort', close);
  });
  // No proxy may gather or squeeze what is meant to arrive at once.
  res.set({ 'Cache-Control': 'no-store, no-transform', 'X-Accel-Buffering': 'no' });
  res.status(200).type('text/event-stream');
  res.write(`retry: ${AGAIN_AFTER_MS}\n\n`);
  if (deps.stopping?.aborted) return close();
  await teller.tell();
}

/** Tells one reader how an order stands, one thing after the other, and hangs up at its end. */
class Teller {
  readonly #deps: HttpDeps;
  readonly #orderNo: string;
  readonly #res: Response;
  #told = '';
  #telling: Promise<void> = Promise.resolve();

  constructor(deps: HttpDeps, orderNo: string, res: Response) {
    this.#deps = deps;
    this.#orderNo = orderNo;
    this.#res = res;
  }

  tell(): Promise<void> {
    this.#telling = this.#telling
      .then(() => this.#tellNow())
      .catch((error: unknown) => {
        this.#deps.log.warn({ order_no: this.#orderNo, cause: messageOf(error) }, 'a reader of events was let go');
        this.#res.end();
      });
    return this.#telling;
  }

  async #tellNow(): Promise<void> {
    if (this.#res.writableEnded || this.#res.destroyed) return;
    const { text, isOver } = await statusOf(this.#deps, this.#orderNo);
    if (text !== this.#told) this.#res.write(`event: status\ndata: ${text}\n\n`);
    this.#told = text;
    if (isOver) this.#res.end(`event: end\nid: ${END}\ndata: ${text}\n\n`);
  }
}

async function statusOf(deps: HttpDeps, orderNo: string): Promise<{ text: string; isOver: boolean }> {
  const order = await orderByNumber(deps.db, orderNo);
  const { status } = await statusOfOrder(deps.db, order);
  const coins = order.kind === 'coins' ? await coinPart(deps, order) : {};
  const isRefunding =
    (order.status === 'failed' && status.payment_status === 'paid') ||
    status.refund_status === 'requested' ||
    status.refund_status === 'pending';
  const isOver = ['completed', 'failed', 'expired'].includes(order.status) && !isRefunding;
  return { text: JSON.stringify({ ...status, ...coins }), isOver };
}
