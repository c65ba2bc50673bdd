import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder for throw-away data. Root's database runs as another user, and TMPDIR may be closed to that one. */
export function temporaryFolder(prefix: string): string {
  return mkdtempSync(join(process.getuid?.() === 0 ? '/var/tmp' : tmpdir(), prefix));
}
