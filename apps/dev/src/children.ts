import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { backoffMs } from '@mingdan/kernel';
import type { Guard } from './guarded.ts';
import type { ProcessRecord } from './leftovers.ts';

export interface ChildOptions {
  /** as people are told: webhook, bot, sandbox */
  name: string;
  /** the TypeScript file to run */
  file: string;
  /** all of its environment; nothing of ours is inherited */
  env: Readonly<Record<string, string>>;
  onLine: (name: string, line: string) => void;
  say: (line: string) => void;
  guard: Guard;
  record: ProcessRecord;
  /** the first wait before it is started again; doubles up to 30 s */
  restartAfterMs?: number;
}

export interface Child {
  readonly name: string;
  /** of the process that runs now */
  pid(): number | undefined;
  /** how often it ended by itself lately */
  deaths(): number;
  /** SIGTERM, and SIGKILL after `graceMs`; it is not started again */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL; it is not started again */
  kill(): void;
}

const GRACE_MS = 25_000;
/** A process that ran this long was healthy: its next death starts the waits from the beginning. */
const HEALTHY_MS = 30_000;

/** Runs a process and starts it again, with growing waits, whenever it ends by itself: a crash of one must never take the rest down. */
export function keepRunning(options: ChildOptions): Child {
  const { name, say, guard, record } = options;
  let process: ChildProcess;
  let stopping = false;
  let deaths = 0;
  let again: NodeJS.Timeout | undefined;

  const run = (): void => {
    const since = Date.now();
    process = launch(options);
    const { pid } = process;
    if (pid !== undefined) {
      guard.watch(pid, 'first');
      record.add(pid);
    }
    process.once('close', (code, signal) => {
      if (pid !== undefined) {
        guard.forget(pid);
        record.drop(pid);
      }
      if (stopping) return;
      deaths = Date.now() - since > HEALTHY_MS ? 1 : deaths + 1;
      const wait = backoffMs(deaths - 1, options.restartAfterMs ?? 1_000, 30_000);
      say(
        `The ${name} process ended by itself (${signal ?? `exit code ${code}`}). It starts again in ${(wait / 1_000).toFixed(1)} s.`,
      );
      again = setTimeout(run, wait);
    });
  };
  run();

  return {
    name,
    pid: () => process.pid,
    deaths: () => deaths,
    stop: async (graceMs = GRACE_MS) => {
      stopping = true;
      clearTimeout(again);
      await end(process, graceMs);
    },
    kill: () => {
      stopping = true;
      clearTimeout(again);
      process.kill('SIGKILL');
    },
  };
}

/** In a group of its own, so that the terminal's Ctrl-C reaches only us and we stop all in order. */
function launch({ name, file, env, onLine }: ChildOptions): ChildProcess {
  const child = spawn(process.execPath, [file], { detached: true, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  // Also without this listener 'close' would follow, but an 'error' that nobody hears ends us.
  child.once('error', (error) => onLine(name, `could not be started: ${error.message}`));
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => onLine(name, line));
  return child;
}

async function end(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  child.kill('SIGTERM');
  const hard = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(hard);
}
