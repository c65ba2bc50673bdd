import { isConnectionError } from '@mingdan/db';
import { type Logger, messageOf } from '@mingdan/kernel';

export interface Loop {
  readonly name: string;
  /** runs soon; calls while it runs are gathered into one more run */
  wake(): void;
  /** waits for the run in hand */
  stop(): Promise<void>;
}

/** One job that never runs twice at once in this process. A failing run is logged, and the next wake-up or poll tries again. */
export function createLoop(
  name: string,
  log: Logger,
  run: () => Promise<void>,
  afterwards: () => void = () => undefined,
): Loop {
  let stopped = false;
  let again = false;
  let running: Promise<void> | undefined;

  async function runWhileAsked(): Promise<void> {
    do {
      again = false;
      await run().catch((error: unknown) => {
        if (isConnectionError(error))
          log.warn({ job: name, cause: messageOf(error) }, 'the database cannot be reached, waiting for the next poll');
        else log.error({ job: name, err: error }, 'job failed');
      });
      afterwards();
    } while (again && !stopped);
    running = undefined;
  }

  return {
    name,
    wake() {
      again = true;
      if (!stopped && !running) running = runWhileAsked();
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}
