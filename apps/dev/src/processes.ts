import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Which process a pid means: the number alone is given to another process sooner or later. */
export interface ProcessId {
  pid: number;
  /** when it started, in words of the operating system; compared, never read */
  since: string;
}

/** False also for one that has ended and only waits to be buried by its parent, as orphans do where process 1 is no init. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return statOf(pid)?.[0] !== 'Z';
}

export function identify(pid: number): ProcessId {
  return { pid, since: startOf(pid) };
}

/** True while that very process lives. Where the system does not tell start times, any process of that number counts. */
export function isSameProcess(id: ProcessId): boolean {
  return isAlive(id.pid) && startOf(id.pid) === id.since;
}

/** Where the start time stands, counted from the state. */
const START_TIME = 19;

function startOf(pid: number): string {
  return statOf(pid)?.[START_TIME] ?? askPs(pid, 'lstart');
}

/** Linux's own record from the third field (the state) on, undefined elsewhere. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in the second field may hold spaces and brackets, so count from its end.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

/** The pid of a process's parent, 0 where the system does not tell. */
export function parentOf(pid: number): number {
  return Number(statOf(pid)?.[1] ?? askPs(pid, 'ppid')) || 0;
}

/** The command line of a process, '' where the system does not tell. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return askPs(pid, 'command');
  }
}

function askPs(pid: number, field: string): string {
  try {
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}

/** @returns whether the process was gone within `ms` */
export async function goneWithin(pid: number, ms: number): Promise<boolean> {
  const end = Date.now() + ms;
  while (isAlive(pid)) {
    if (Date.now() >= end) return false;
    await sleep(25);
  }
  return true;
}

/** Sends a signal; a process that is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
