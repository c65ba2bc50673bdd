import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './processes.ts';

export interface ServerProxy {
  /** the server's URL with the proxy in between */
  readonly url: string;
  /** All connections break, and new ones are refused. */
  cut(): Promise<void>;
  /** A network that swallows: what is connected stays so and nothing arrives any more, for ever; new connections hang as well. */
  freeze(): void;
  /** New connections work again; frozen ones stay dead, as after a failover. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** A TCP proxy in front of the database or another server, to take it away and give it back. */
export async function startProxy(serverUrl: string): Promise<ServerProxy> {
  const target = new URL(serverUrl);
  const port = await freePort();
  const sockets = new Set<Socket>();
  let frozen = false;

  function connect(client: Socket): void {
    keep(client);
    if (frozen) return;
    const upstream = keep(createConnection(Number(target.port), target.hostname));
    client.on('data', (bytes) => isDead(client) || upstream.write(bytes));
    upstream.on('data', (bytes) => isDead(client) || client.write(bytes));
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => isDead(client) || other.destroy());
    }
  }
  const dead = new WeakSet<Socket>();
  const isDead = (client: Socket): boolean => dead.has(client);
  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('error', () => undefined);
    return socket.once('close', () => sockets.delete(socket));
  }

  let server: Server | undefined = await listenOn(port, connect);
  async function stopListening(): Promise<void> {
    const closed = server && new Promise((resolve) => server?.close(resolve));
    for (const socket of sockets) socket.destroy();
    server = undefined;
    await closed;
  }
  const url = new URL(serverUrl);
  url.port = String(port);
  return {
    url: url.href,
    cut: stopListening,
    freeze() {
      frozen = true;
      for (const socket of sockets) dead.add(socket);
    },
    async mend() {
      frozen = false;
      server ??= await listenOn(port, connect);
    },
    close: stopListening,
  };
}

async function listenOn(port: number, connect: (socket: Socket) => void): Promise<Server> {
  const server = createServer(connect);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve());
  });
  return server;
}
