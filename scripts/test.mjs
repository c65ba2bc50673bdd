// `npm test`: jest under the Node that the install brought; last line `N passed, N failed, N skipped`, whatever happens.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = mkdtempSync(join(tmpdir(), 'mingdan-totals-'));
const totals = join(folder, 'totals.json');

const child = spawn(
  join(root, 'node_modules/.bin/node'),
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    ...process.argv.slice(2),
    // Last, since jest takes every bare word after it for one more reporter.
    '--reporters=default',
    `--reporters=${join(root, 'scripts/totals-reporter.mjs')}`,
  ],
  { cwd: root, stdio: 'inherit', env: { ...process.env, MINGDAN_TEST_TOTALS: totals } },
);
// Ctrl-C reaches jest by itself; we stay for the last line.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));

const code = await new Promise((done) => {
  child.once('error', () => done(1));
  child.once('exit', (status) => done(status ?? 1));
});
const { passed, failed, skipped } = count();
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

/** No totals: jest did not get to its end. A failure without a failed test (a crashed file, no tests found) counts as one. */
function count() {
  try {
    const found = JSON.parse(readFileSync(totals, 'utf8'));
    return code !== 0 && found.failed === 0 ? { ...found, failed: 1 } : found;
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
