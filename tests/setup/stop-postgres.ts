import { testServer } from './test-server.ts';

/** Once per test run, after the last test. Jest wants a default export. */
export default async function stopTestServer(): Promise<void> {
  await testServer.stop();
}
