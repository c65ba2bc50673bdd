import { dateOf, readTransaction, type StarTransaction } from './wire.ts';

export type ReadPage = (offset: number, limit: number) => Promise<readonly unknown[]>;

interface Line extends StarTransaction {
  readonly position: number;
}

/** The most that Telegram gives at once. */
const PAGE = 100;
/** So many lines stay in memory, about 5 MB. */
const MOST_KEPT = 20_000;
/** One question reads no more pages than this further back. */
const MOST_PAGES = 100;

/**
 * The bot's list of Stars. Telegram gives it oldest first, by offset and without a total, so its end is looked for once by doubling and
 * halving; from then on only what is new is read, and older pages as far as somebody asks about them.
 */
export class StarTransactions {
  readonly #readPage: ReadPage;
  #lines: Line[] = [];
  /** what was read: positions from `#from` to before `#to` */
  #from = 0;
  #to: number | null = null;
  #oldest: Date | null = null;
  #busy: Promise<unknown> = Promise.resolve();
  #asked = 0;
  #covered = 0;

  constructor(readPage: ReadPage) {
    this.#readPage = readPage;
  }

  /**
   * Everything up to now and back to `since`, oldest first.
   * @returns `complete` false where the list is too long to go back that far
   */
  async since(since: Date): Promise<{ lines: readonly StarTransaction[]; complete: boolean }> {
    this.#asked += 1;
    const asked = this.#asked;
    const work = this.#busy.then(async () => {
      // Whoever waited while somebody else began to read has what they came for.
      if (asked > this.#covered) await this.#readNew();
      const complete = await this.#readBack(since);
      return { lines: this.#lines, complete };
    });
    this.#busy = work.catch(() => undefined);
    return work;
  }

  async #readNew(): Promise<void> {
    const covers = this.#asked;
    if (this.#to === null) {
      const end = await this.#findEnd();
      this.#from = end;
      this.#to = end;
    }
    for (let count = PAGE; count === PAGE; ) {
      const page = await this.#readPage(this.#to, PAGE);
      count = page.length;
      this.#oldest ??= firstDate(page);
      this.#lines.push(...linesOf(page, this.#to));
      this.#to += count;
    }
    this.#forgetOldest();
    this.#covered = covers;
  }

  async #readBack(since: Date): Promise<boolean> {
    const reached = (): boolean => this.#from === 0 || (this.#oldest !== null && this.#oldest < since);
    for (let pages = 0; !reached() && pages < MOST_PAGES; pages += 1) {
      const start = Math.max(0, this.#from - PAGE);
      const page = await this.#readPage(start, this.#from - start);
      this.#lines = [...linesOf(page, start), ...this.#lines];
      this.#oldest = firstDate(page) ?? this.#oldest;
      this.#from = start;
    }
    return reached();
  }

  /** Some 2 × log2(transactions ÷ 100) questions. */
  async #findEnd(): Promise<number> {
    const count = async (offset: number): Promise<number> => (await this.#readPage(offset, PAGE)).length;
    let low = 0;
    let high = 0;
    for (;;) {
      const there = await count(high);
      if (there > 0 && there < PAGE) return high + there;
      if (there === 0) break;
      low = high + PAGE;
      high = Math.max(PAGE, high * 2);
    }
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const there = await count(middle);
      if (there === 0) high = middle;
      else if (there < PAGE) return middle + there;
      else low = middle + PAGE;
    }
    return low;
  }

  #forgetOldest(): void {
    if (this.#lines.length <= MOST_KEPT) return;
    this.#lines = this.#lines.slice(-MOST_KEPT / 2);
    this.#from = this.#lines[0]?.position ?? this.#from;
    this.#oldest = this.#lines[0]?.at ?? this.#oldest;
  }
}

function linesOf(page: readonly unknown[], offset: number): Line[] {
  return page.flatMap((value, place) => {
    const line = readTransaction(value);
    return line ? [{ ...line, position: offset + place }] : [];
  });
}

function firstDate(page: readonly unknown[]): Date | null {
  return page.map(dateOf).find((date) => date !== null) ?? null;
}
