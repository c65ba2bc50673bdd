import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MingdanError } from '@mingdan/kernel';
import { identify, isSameProcess, type ProcessId } from './processes.ts';

/** What `.mingdan/running.json` tells the CLI about the system that runs here: its process, and the environment of its bot process. */
export interface Running extends ProcessId {
  env: Readonly<Record<string, string>>;
}

export interface RunningFile {
  write(env: Readonly<Record<string, string>>): void;
  remove(): void;
}

/**
 * Claims this checkout for us: two systems on the same data would take each other's orders and updates.
 * @throws MingdanError already_running
 */
export function claimCheckout(folder: string): RunningFile {
  const path = join(folder, 'running.json');
  const mine = identify(process.pid);
  for (let attempt = 0; ; attempt += 1) {
    try {
      // 'wx' fails where the file is there: of two that start at once, one wins.
      writeFileSync(path, JSON.stringify({ ...mine, env: {} }), { mode: 0o600, flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 3) throw error;
    }
    const other = read(path);
    if (other && isSameProcess(other)) {
      throw new MingdanError('already_running', `Mingdan already runs in this checkout (process ${other.pid})`, {
        hint: `${chatOf(other)}Use that one, or stop it first: Ctrl-C in its terminal, or kill ${other.pid}.`,
      });
    }
    rmSync(path, { force: true });
  }
  return {
    write: (env) => writeFileSync(path, JSON.stringify({ ...mine, env }, null, 2), { mode: 0o600 }),
    remove: () => rmSync(path, { force: true }),
  };
}

/** The chat lies beside the sandbox's Telegram; nothing to tell while it starts or where Telegram is real. */
function chatOf({ env }: Running): string {
  const telegram = env?.['TELEGRAM_API_ROOT'];
  return telegram ? `Its chat: ${new URL('/chat', telegram).href}\n` : '';
}

function read(path: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Running;
  } catch {
    return undefined;
  }
}
