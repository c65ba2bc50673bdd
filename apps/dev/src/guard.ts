/**
 * Cleans up after an owner that died without a word (kill -9, a closed terminal). The owner writes what it has started to our
 * standard input, a JSON line each; when that ends, so did the owner, and we end what is left: first the processes, then the database.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { goneWithin, identify, isSameProcess, type ProcessId, signal } from './processes.ts';

interface Order {
  /** a process to end with the owner: `first` by SIGTERM, `last` (the database) by SIGINT after all others */
  watch?: { pid: number; when: 'first' | 'last' };
  forget?: { pid: number };
  /** folders to remove at the end */
  remove?: string;
}

const GRACE_MS = 25_000;
const watched = new Map<number, { id: ProcessId; when: 'first' | 'last' }>();
const folders: string[] = [];

async function endAll(when: 'first' | 'last', name: NodeJS.Signals): Promise<void> {
  const mine = [...watched.values()].filter((entry) => entry.when === when && isSameProcess(entry.id));
  for (const { id } of mine) signal(id.pid, name);
  await Promise.all(
    mine.map(async ({ id }) => {
      if (!(await goneWithin(id.pid, GRACE_MS))) signal(id.pid, when === 'last' ? 'SIGQUIT' : 'SIGKILL');
    }),
  );
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const order = JSON.parse(line) as Order;
  if (order.watch) watched.set(order.watch.pid, { id: identify(order.watch.pid), when: order.watch.when });
  if (order.forget) watched.delete(order.forget.pid);
  if (order.remove) folders.push(order.remove);
});
lines.on('close', async () => {
  await endAll('first', 'SIGTERM');
  await endAll('last', 'SIGINT');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
