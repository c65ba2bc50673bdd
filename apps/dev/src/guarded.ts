import { spawn } from 'node:child_process';
import { join } from 'node:path';

export interface Guard {
  /** ends this process should we die; `last` for the database, which goes after all others */
  watch(pid: number, when: 'first' | 'last'): void;
  forget(pid: number): void;
  /** removes this folder in the end */
  remove(folder: string): void;
  /** to be called when everything has been stopped in order */
  close(): Promise<void>;
}

/** Starts the guard: a process of its own group that notices our death by the end of the pipe between us. */
export function startGuard(): Guard {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'guard.ts')], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] },
  });
  child.unref();
  child.stdin.on('error', () => undefined);
  // The pipe must not keep us running by itself.
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  const tell = (order: object): void => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
  };
  return {
    watch: (pid, when) => tell({ watch: { pid, when } }),
    forget: (pid) => tell({ forget: { pid } }),
    remove: (folder) => tell({ remove: folder }),
    close: async () => {
      const ended = new Promise<void>((done) => child.once('exit', () => done()));
      child.ref();
      child.stdin.end();
      if (child.exitCode === null) await ended;
    },
  };
}
