import { type Db, rows } from '@mingdan/db';
import { type Logger, messageOf, pause } from '@mingdan/kernel';

export interface WatchLimits {
  /** connections of all readers together */
  readonly all: number;
  readonly perAddress: number;
  readonly everyMs: number;
}

export const usualWatchLimits: WatchLimits = { all: 500, perAddress: 20, everyMs: 1_000 };

interface Watcher {
  readonly orderNo: string;
  readonly address: string;
  readonly changed: () => void;
}

/** Tells who waits for an order that something of it changed. However many wait, the database is asked once a second, in one statement. */
export class OrderWatch {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #limits: WatchLimits;
  readonly #watchers = new Set<Watcher>();
  /** how each order looked last */
  #marks = new Map<string, string>();
  #isAsking = false;

  constructor({ db, log }: { readonly db: Db; readonly log: Logger }, limits: WatchLimits = usualWatchLimits) {
    this.#db = db;
    this.#log = log;
    this.#limits = limits;
  }

  /** Undefined where there are too many already. @param changed called at every change until the returned function is */
  watch(orderNo: string, address: string, changed: () => void): (() => void) | undefined {
    const ofAddress = [...this.#watchers].filter((each) => each.address === address).length;
    if (this.#watchers.size >= this.#limits.all || ofAddress >= this.#limits.perAddress) return undefined;
    const watcher = { orderNo, address, changed };
    this.#watchers.add(watcher);
    void this.#askOn();
    return () => this.#watchers.delete(watcher);
  }

  async #askOn(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#watchers.size > 0) {
      await this.#ask().catch((error: unknown) =>
        this.#log.warn({ cause: messageOf(error) }, 'waiting readers were not told anything'),
      );
      await pause(this.#limits.everyMs);
    }
    this.#marks.clear();
    this.#isAsking = false;
  }

  async #ask(): Promise<void> {
    const wanted = new Set([...this.#watchers].map(({ orderNo }) => orderNo));
    const found = await rows<{ orderNo: string; mark: string }>(
      this.#db,
      `select o.order_no as "orderNo", concat_ws('|', o.status, o.delivery, o.payment_seen_at, o.paid_at,
              (select string_agg(r.status || r.amount_minor, ',' order by r.id) from refund_records r where r.order_id = o.id),
              (select count(*) from held_payments h where h.order_id = o.id and h.status = 'held')) as mark
         from orders o where o.order_no = any(:orderNos)`,
      { orderNos: [...wanted] },
    );
    const before = this.#marks;
    this.#marks = new Map(found.map(({ orderNo, mark }) => [orderNo, mark]));
    // Also when it is seen for the first time: something may have happened since its reader was told how it stands.
    for (const { orderNo, changed } of this.#watchers) if (this.#marks.get(orderNo) !== before.get(orderNo)) changed();
  }
}
