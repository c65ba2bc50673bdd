import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../../..');
const PACKAGE = join(ROOT, 'node_modules/@sparticuz/chromium');

/**
 * The Chromium of the npm package, unpacked once (2 s, 200 MB) beside the installed packages. The package's own way shares one file under
 * /tmp between everybody, which an interrupted run leaves broken. @returns undefined where the package has none for this machine
 */
export async function chromiumFromNpm(): Promise<string | undefined> {
  const packed = join(PACKAGE, 'bin/chromium.br');
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(packed)) return undefined;
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')));
  const folder = join(ROOT, 'node_modules/.cache/mingdan');
  const path = join(folder, `chromium-${version}`);
  if (existsSync(path)) return path;
  mkdirSync(folder, { recursive: true });
  // Two test files may unpack at once: each its own file, and whichever is ready last stays.
  const unpacking = `${path}.${process.pid}`;
  await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(unpacking, { mode: 0o755 }));
  renameSync(unpacking, path);
  return path;
}
