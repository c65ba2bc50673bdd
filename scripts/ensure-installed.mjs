// Installs what package-lock.json names, if it is not there yet. Plain JavaScript for Node 20: nothing is installed when this runs.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules/.mingdan-installed');
const lock = join(root, '.mingdan/install.lock');

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function isInstalled() {
  if (!existsSync(join(root, 'node_modules/.bin/node'))) return false;
  const hash = lockHash();
  if (read(stamp) === hash) return true;
  if (!matchesLock()) return false;
  // Installed by hand: remember that it was found right.
  writeFileSync(stamp, hash);
  return true;
}

/** Compares with npm's own record of what it installed; an install without development packages is as good. */
function matchesLock() {
  const record = read(join(root, 'node_modules/.package-lock.json'));
  if (record === undefined) return false;
  const found = JSON.parse(record).packages;
  const wanted = Object.entries(JSON.parse(read(join(root, 'package-lock.json'))).packages).filter(([path]) =>
    path.includes('node_modules/'),
  );
  const production = !wanted.some(([path, entry]) => entry.dev && found[path]);
  return wanted.every(([path, entry]) => {
    if (!found[path]) return entry.optional || entry.devOptional || (production && entry.dev);
    return found[path].version === entry.version;
  });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** One install at a time: a second one waits, then finds everything there. A lock whose owner died is removed. */
async function takeLock() {
  mkdirSync(dirname(lock), { recursive: true, mode: 0o711 });
  for (let ownerless = 0; ; await sleep(200)) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const pid = Number(read(join(lock, 'pid')));
    ownerless = pid ? 0 : ownerless + 1;
    if ((pid && !isAlive(pid)) || ownerless > 25) rmSync(lock, { recursive: true, force: true });
  }
}

function install() {
  console.error('Installing what package-lock.json names (once, about half a minute) …');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--loglevel=error'];
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' };
  const done = npm
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  // npm's own words, without the page of flags that it adds.
  const words = `${done.error?.message ?? ''}${done.stderr ?? ''}`
    .split('\nnpm error Clean install a project')[0]
    .trim();
  if (words) console.error(words);
  if (done.status !== 0) {
    console.error('npm ci failed; its own message stands above. Is the network there? Try: npm ci');
    return 1;
  }
  if (!existsSync(join(root, 'node_modules/.bin/node'))) {
    console.error(
      'Node 24 was not unpacked, because install scripts are switched off. Run: npm rebuild node --ignore-scripts=false',
    );
    return 1;
  }
  writeFileSync(stamp, lockHash());
  return 0;
}

if (!isInstalled()) {
  await takeLock();
  try {
    process.exitCode = isInstalled() ? 0 : install();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
