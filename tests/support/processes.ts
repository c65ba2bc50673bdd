import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The command lines that a host would run, by process type. */
const procfile = new Map(
  readFileSync(join(ROOT, 'Procfile'), 'utf8')
    .trim()
    .split('\n')
    .map((line): [string, string[]] => {
      const [name = '', command = ''] = line.split(/:\s+/, 2);
      return [name, command.trim().split(/\s+/)];
    }),
);

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** milliseconds from the signal to the end */
  readonly ms: number;
}

/** One process of the Procfile, as its host sees it. */
export class Running {
  readonly url: string;
  /** what it logged, one JSON line each */
  readonly lines: string[] = [];
  private readonly child: ChildProcess;
  private readonly exit: Promise<unknown[]>;

  constructor(name: 'webhook' | 'bot', port: number, env: Readonly<Record<string, string>>) {
    const [command = '', ...args] = procfile.get(name) ?? [];
    this.url = `http://127.0.0.1:${port}`;
    this.child = spawn(join(ROOT, command), args, { cwd: ROOT, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exit = once(this.child, 'exit');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The HTTP status of `/readyz`, or 0 where nobody answers. */
  async readiness(): Promise<number> {
    const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
    await answer?.arrayBuffer();
    return answer?.status ?? 0;
  }

  async untilReady(): Promise<this> {
    await until(async () => {
      if (this.hasEnded) throw new Error(`it ended: ${this.lines.slice(-5).join('\n')}`);
      return (await this.readiness()) === 200;
    }, 'the process is ready');
    return this;
  }

  /** Lines of the log that say `text`. */
  logged(text: string): string[] {
    return this.lines.filter((line) => line.includes(text));
  }

  /** Sends a signal and waits for the end. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Ended> {
    const start = performance.now();
    this.child.kill(signal);
    await this.exit;
    return { code: this.child.exitCode, signal: this.child.signalCode, ms: performance.now() - start };
  }
}

/** A port below the range out of which systems take the ports of outgoing connections: one of those may sit on any other. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (free) return port;
  }
}
