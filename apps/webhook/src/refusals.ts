import { hash } from 'node:crypto';
import type { Clock, Logger } from '@mingdan/kernel';
import type { NoticeStore } from './store.ts';

export interface Refusals {
  /** Keeps why a notice was refused, at most five a second; never throws, nobody waits for it. */
  note(provider: string, why: string, body: Buffer): void;
  /** resolves when what was noted is written, or cannot be */
  settled(): Promise<void>;
}

const A_SECOND = 5;

/** Anybody can send forgeries: a flood of them must fill neither the disk nor the log, nor take the database from real notices. */
export function createRefusals(deps: { store: NoticeStore; clock: Clock; log: Logger }): Refusals {
  const open = new Set<Promise<void>>();
  let second = 0;
  let taken = 0;

  function isOneTooMany(): boolean {
    const now = Math.floor(deps.clock.now().getTime() / 1000);
    if (now !== second) taken = 0;
    second = now;
    taken += 1;
    return taken > A_SECOND;
  }

  return {
    note(provider, why, body) {
      if (isOneTooMany()) return;
      deps.log.info({ provider, verdict: 'refused', why, size: body.length }, 'notice');
      const digest = hash('sha256', body, 'buffer');
      const writing = deps.store
        .refuse({ provider, why, digest, size: body.length })
        .catch((err: unknown) => deps.log.warn({ provider, err }, 'a refused notice was not kept'))
        .finally(() => open.delete(writing));
      open.add(writing);
    },
    async settled() {
      await Promise.all(open);
    },
  };
}
