/** `npm run demo`: one order from /start to the delivered report, on throw-away data, every step with its time. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@mingdan/kernel';
import { buyReport } from './demo-order.ts';
import { demoEnvironment } from './environment.ts';
import { logPrinter } from './log-lines.ts';
import { type System, startSystem } from './system.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Longer than all steps may take together: whatever hangs, the demo ends. */
const WHOLE_WITHIN_MS = 120_000;

const begun = Date.now();
const lines: [string, string][] = [];

/** A step that failed ends the demo by this. */
class StepFailed extends Error {}

async function step<T>(title: string, work: () => Promise<T>, about: (result: T) => string = () => ''): Promise<T> {
  const started = Date.now();
  try {
    const result = await work();
    const more = about(result);
    console.log(`${at()}  ok      ${title}${more ? `: ${more}` : ''} (${Date.now() - started} ms)`);
    return result;
  } catch (error) {
    throw new StepFailed(`${at()}  FAILED  ${title}: ${messageOf(error)}`);
  }
}

function at(): string {
  return `${((Date.now() - begun) / 1_000).toFixed(1).padStart(5)} s`;
}

async function play(folder: string, signal: AbortSignal): Promise<void> {
  let system: System | undefined;
  try {
    system = await step('database, sandbox, webhook and bot process are ready', () =>
      startSystem({
        env: demoEnvironment(process.env),
        folder,
        persistent: false,
        ports: { webhook: 0, bot: 0, sandbox: 0 },
        writingMs: 1_500,
        onLine: (name, line) => lines.push([name, line]),
        say: (line) => lines.push(['demo', line]),
        signal,
      }),
    );
    await buyReport(system, step);
  } finally {
    const running = system;
    if (running) await step('everything is stopped', () => running.stop());
  }
}

/** The last lines of the processes, where something failed: the reason is mostly among them. */
function showLines(): void {
  const print = logPrinter((text) => process.stderr.write(text), false);
  for (const [name, line] of lines.slice(-40)) print(name, line);
}

const stopping = new AbortController();
const folder = temporaryFolder('mingdan-demo-');
mkdirSync(join(folder), { recursive: true });
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stopping.abort(new Error(`ended by ${name}`)));
const aborted = new Promise<never>((_done, failed) => {
  stopping.signal.addEventListener('abort', () => failed(stopping.signal.reason));
});
const clock = setTimeout(
  () => stopping.abort(new StepFailed(`${at()}  FAILED  not through within ${WHOLE_WITHIN_MS / 1_000} s`)),
  WHOLE_WITHIN_MS,
);
try {
  await Promise.race([play(folder, stopping.signal), aborted]);
  console.log(`${at()}  The demo is through: one order, from /start to the delivered report.`);
} catch (error) {
  showLines();
  console.error(messageOf(error));
  process.exitCode = 1;
} finally {
  clearTimeout(clock);
  rmSync(folder, { recursive: true, force: true });
}
// What an abort has left running is ended by the guard.
process.exit();
