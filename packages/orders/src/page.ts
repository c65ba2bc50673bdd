/** A part of a list, the newest first. */
export interface Page<Entry, Mark> {
  readonly entries: readonly Entry[];
  /** of the last entry, where there are older ones: they are asked for by it */
  readonly next: Mark | undefined;
}

/** @param found one more than `limit`, where there are so many */
export function pageOf<Entry, Mark>(
  found: readonly Entry[],
  limit: number,
  markOf: (last: Entry) => Mark,
): Page<Entry, Mark> {
  const entries = found.slice(0, limit);
  const last = entries.at(-1);
  return { entries, next: found.length > entries.length && last !== undefined ? markOf(last) : undefined };
}
