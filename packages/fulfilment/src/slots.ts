/** Hands out `count` slots, first come first served. */
export interface Slots {
  /** Waits for a slot. @returns gives it back @throws the signal's reason when it aborts first */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];

  function giveBack(): void {
    const next = waiting.shift();
    if (next) next();
    else free += 1;
  }

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await turn(waiting, signal);
      let given = false;
      return () => {
        if (!given) giveBack();
        given = true;
      };
    },
  };
}

function turn(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    function mine(): void {
      signal.removeEventListener('abort', leave);
      resolve();
    }
    function leave(): void {
      waiting.splice(waiting.indexOf(mine), 1);
      reject(signal.reason);
    }
    waiting.push(mine);
    signal.addEventListener('abort', leave, { once: true });
  });
}
