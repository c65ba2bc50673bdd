const FIRST_DAY = Date.UTC(2026, 10, 1);

/** The highest id that any sandbox of this process gave out. */
let highest = 0;

/**
 * Ids that go on growing after a restart, although nothing may be remembered: whoever keeps a table of update ids must not see an old one
 * again. They start from the time; ten a second leave room for bursts and fit 31 bits until 2033.
 */
export class GrowingIds {
  private last = Math.max(highest, Math.floor((Date.now() - FIRST_DAY) / 100), 0);

  next(): number {
    this.last += 1;
    highest = Math.max(highest, this.last);
    return this.last;
  }

  /** Goes on above an id that an earlier run gave out. */
  skipTo(id: number): void {
    this.last = Math.max(this.last, id);
  }
}
