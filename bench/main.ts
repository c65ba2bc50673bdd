import startServer from '../tests/setup/start-postgres.ts';
import { testServer } from '../tests/setup/test-server.ts';
import { benchWebhook } from './webhook.ts';
import { benchWorker } from './worker.ts';

const benches = { webhook: benchWebhook, worker: benchWorker };
const wanted = process.argv.slice(2);

await startServer();
try {
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const line of await bench())
      console.log(JSON.stringify({ ...line, ratio: Math.round(line.ratio * 100) / 100 }));
  }
} finally {
  await testServer.stop();
}
