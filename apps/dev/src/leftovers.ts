import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { goneWithin, identify, isSameProcess, type ProcessId, signal } from './processes.ts';

const GRACE_MS = 25_000;

/** A list on disk of the processes that run, for the case that neither their owner nor its guard is left to end them. */
export interface ProcessRecord {
  add(pid: number): void;
  drop(pid: number): void;
}

export function recordIn(file: string): ProcessRecord {
  const running = new Map<number, ProcessId>();
  const write = (): void => {
    if (running.size === 0) rmSync(file, { force: true });
    else writeFileSync(file, JSON.stringify([...running.values()]), { mode: 0o600 });
  };
  return {
    add: (pid) => {
      running.set(pid, identify(pid));
      write();
    },
    drop: (pid) => {
      running.delete(pid);
      write();
    },
  };
}

/** Ends what an earlier run left behind: an old bot process would take the new one's orders. */
export async function endLeftovers(file: string, say: (line: string) => void): Promise<void> {
  const left = read(file).filter(isSameProcess);
  if (left.length > 0) say(`Stopping what an earlier run left behind (${left.length} processes).`);
  for (const { pid } of left) signal(pid, 'SIGTERM');
  await Promise.all(
    left.map(async ({ pid }) => {
      if (!(await goneWithin(pid, GRACE_MS))) signal(pid, 'SIGKILL');
    }),
  );
  rmSync(file, { force: true });
}

function read(file: string): ProcessId[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessId[];
  } catch {
    return [];
  }
}
