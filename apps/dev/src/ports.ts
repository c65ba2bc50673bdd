import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { MingdanError } from '@mingdan/kernel';

const LAST_PORT = 65_535;

/**
 * Below the ports that systems hand to outgoing connections (Linux from 32768, macOS and Windows from 49152): one of those could be taken
 * by a connection between our look and the process that is to listen there.
 */
const QUIET_PORTS = { min: 10_240, max: 30_000 } as const;

/** @returns the first free port from `from` on (0 = any free one) that is not in `taken`, looked for as the processes will listen: on all addresses */
export async function freePort(from: number, taken: readonly number[] = []): Promise<number> {
  const first = from === 0 ? randomInt(QUIET_PORTS.min, QUIET_PORTS.max) : from;
  for (let port = first; port < first + 200 && port <= LAST_PORT; port += 1) {
    if (taken.includes(port)) continue;
    const found = await listenOn(port);
    if (found !== undefined) return found;
  }
  throw new MingdanError('no_free_port', `There is no port from ${from} on that we may take`, {
    hint: 'Set another one in .env: WEBHOOK_PORT, BOT_PORT.',
  });
}

/** Both ways of listening are tried: a port that somebody holds on 127.0.0.1 alone can still be bound for all addresses, and the reverse. */
async function listenOn(port: number): Promise<number | undefined> {
  const local = await tryListen(port, '127.0.0.1');
  if (local === undefined) return undefined;
  return (await tryListen(local, undefined)) === undefined ? undefined : local;
}

function tryListen(port: number, host: string | undefined): Promise<number | undefined> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(undefined));
    server.listen({ port, ...(host ? { host } : {}) }, () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
