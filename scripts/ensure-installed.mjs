// Installs what package-lock.json names, if it is not there yet. Plain JavaScript for Node 20: nothing is installed when this runs.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const stamp = join(root, 'node_modules/.mingdan-installed');
const lock = join(root, '.mingdan/install.lock');
const owners = join(lock, 'pid');
/** An install takes half a minute; one that holds the lock for so long hangs. */
const STALE_MS = 15 * 60_000;
/** What npm is given to end in order. */
const GRACE_MS = 2_000;
const windows = process.platform === 'win32';

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

/** When a process started, in words of the system: its number alone is given to another process sooner or later. */
function startOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  // The command in the second field may hold spaces and brackets, so count from its end: field 22.
  if (stat) return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  if (windows) return '';
  const words = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
  return words.trim().replaceAll(/\s+/g, '_');
}

const nameOf = (pid) => `${pid} ${startOf(pid)}`;

/** The lock's owner and, while it runs, its npm: a line each. */
function readOwners() {
  return (read(owners) ?? '').split('\n').filter(Boolean);
}

function isThere(owner) {
  const pid = Number(owner.split(' ')[0]);
  return pid > 0 && isAlive(pid) && nameOf(pid) === owner;
}

function lockAge() {
  try {
    return Date.now() - statSync(lock).mtimeMs;
  } catch {
    return 0;
  }
}

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const me = nameOf(process.pid);

/** One install at a time: a second one waits, then finds everything there. A lock whose owner died, or that is too old, is removed. */
async function takeLock() {
  mkdirSync(dirname(lock), { recursive: true, mode: 0o711 });
  let told = false;
  for (let ownerless = 0; ; await sleep(200)) {
    try {
      mkdirSync(lock);
      writeFileSync(owners, me);
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const found = readOwners();
    const living = found.find(isThere);
    ownerless = found.length > 0 ? 0 : ownerless + 1;
    if (lockAge() > STALE_MS || (found.length > 0 && !living) || ownerless > 25) {
      rmSync(lock, { recursive: true, force: true });
    } else if (living && !told) {
      told = true;
      console.error(`Another install runs (process ${living.split(' ')[0]}), waiting …`);
    }
  }
}

/** A lock that was taken over meanwhile belongs to somebody else. */
function releaseLock() {
  if (readOwners()[0] === me) rmSync(lock, { recursive: true, force: true });
}

/** In a process group of its own, so that a signal reaches npm and whatever it started, once and from us. */
function startNpm() {
  const npm = process.env.npm_execpath;
  const args = ['ci', '--loglevel=error'];
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'pipe'], detached: !windows };
  return npm ? spawn(process.execPath, [npm, ...args], options) : spawn('npm', args, { ...options, shell: windows });
}

function send(child, name) {
  try {
    if (windows) child.kill(name);
    else process.kill(-child.pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}

/** Settles when npm is gone; a Ctrl-C is passed on to it, and made a SIGKILL where it does not listen. */
async function runNpm() {
  const child = startNpm();
  let stopped = false;
  let words = '';
  const stop = (name) => {
    if (stopped || child.pid === undefined) return;
    stopped = true;
    send(child, name);
    setTimeout(() => send(child, 'SIGKILL'), GRACE_MS).unref();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => stop(name));
  child.stderr.setEncoding('utf8').on('data', (text) => {
    words += text;
  });
  const code = await new Promise((done) => {
    child.once('error', (error) => {
      words += error.message;
    });
    child.once('close', done);
    if (child.pid !== undefined) writeFileSync(owners, `${me}\n${nameOf(child.pid)}`);
  });
  // Whatever npm started and left behind would still write into node_modules.
  if (stopped) send(child, 'SIGKILL');
  return { code, words, stopped };
}

async function install() {
  console.error('Installing what package-lock.json names (once, about half a minute) …');
  const { code, words, stopped } = await runNpm();
  if (stopped) {
    console.error('Stopped. The next start installs again.');
    return 130;
  }
  // npm's own words, without the page of flags that it adds.
  const said = words.split('\nnpm error Clean install a project')[0].trim();
  if (said) console.error(said);
  if (code !== 0) {
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

async function installOnce() {
  await takeLock();
  try {
    return isInstalled() ? 0 : await install();
  } finally {
    releaseLock();
  }
}

/** Of these the machine is the reason, and a stack of ours tells nobody anything. */
const MACHINE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'];

try {
  if (!isInstalled()) process.exitCode = await installOnce();
} catch (error) {
  if (!MACHINE.includes(error.code)) throw error;
  console.error(`Cannot install: ${error.message}\nIs there space left, and may this user write into the checkout?`);
  process.exitCode = 1;
}
