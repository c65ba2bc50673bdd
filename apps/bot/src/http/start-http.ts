import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';

export interface RunningHttp {
  /** the port it got, where 0 was asked for */
  readonly port: number;
  /** Takes no new connection, lets what is being answered finish, and returns when all is closed. */
  close(): Promise<void>;
}

/** After this an answer that still runs is cut, so that the process stops within the 25 s that its host gives it. */
const PATIENCE_MS = 10_000;

/** @throws the error of `listen`, such as EADDRINUSE */
export async function startHttp(options: { app: RequestListener; port: number; host?: string }): Promise<RunningHttp> {
  const server = createServer(options.app);
  // Longer than the idle time of usual proxies: the side that reuses a connection must be the one that closes it.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 20_000;
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => resolve());
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  let closing: Promise<void> | undefined;
  return { port, close: () => (closing ??= closeGently(server)) };
}

function closeGently(server: Server): Promise<void> {
  // A kept-alive connection that was busy when we stopped listening would hold us until its client lets go.
  server.prependListener('request', (_req, res: ServerResponse) => res.setHeader('Connection', 'close'));
  const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
  const cut = setTimeout(() => server.closeAllConnections(), PATIENCE_MS);
  return new Promise((resolve) => {
    server.close(() => {
      clearInterval(closeIdle);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
