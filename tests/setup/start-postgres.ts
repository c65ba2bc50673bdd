import { join } from 'node:path';
import { startGuard } from '../../apps/dev/src/guarded.ts';
import { startPostgres } from '../../apps/dev/src/postgres.ts';
import { temporaryFolder } from '../../apps/dev/src/temporary-folder.ts';
import { testServer } from './test-server.ts';

/** Once per test run: one throw-away server, on which each test file makes a database of its own. Jest wants a default export. */
export default async function startTestServer(): Promise<void> {
  if (process.env['MINGDAN_TEST_DATABASE_URL']) return;
  const folder = temporaryFolder('mingdan-test-');
  const guard = startGuard();
  guard.remove(folder);
  const postgres = await startPostgres({ folder: join(folder, 'postgres'), persistent: false, say: () => undefined });
  guard.watch(postgres.pid, 'last');
  process.env['MINGDAN_TEST_DATABASE_URL'] = postgres.url;
  testServer.stop = async () => {
    await postgres.stop();
    guard.forget(postgres.pid);
    await guard.close();
  };
}
