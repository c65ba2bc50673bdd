import type { Readable } from 'node:stream';

/** Where a command writes and reads, handed in so that tests can listen. */
export interface Terminal {
  /** one or more whole lines on standard output; resolves when there is room for more */
  out(text: string): Promise<void>;
  /** the same on standard error */
  err(text: string): void;
  readonly input: Readable;
}

export function processTerminal(): Terminal {
  // `mingdan … | head` closes our output: that is the end of the work, and no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return {
    out: (text) =>
      new Promise((resolve) => {
        if (process.stdout.write(`${text}\n`)) resolve();
        else process.stdout.once('drain', resolve);
      }),
    err: (text) => {
      process.stderr.write(`${text}\n`);
    },
    input: process.stdin,
  };
}
