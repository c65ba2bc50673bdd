import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  /** without the query */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly form: Readonly<Record<string, string>>;
}

export interface Reply {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly delayMs?: number;
  readonly hangUp?: boolean;
}

/** What a little server with the manners of Stripe is told to say, in order; `resource_missing` when it has nothing left. */
export async function stripeServer() {
  const seen: Seen[] = [];
  const replies: Reply[] = [];
  const kept = new Map<string, Reply>();

  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url ?? '/', 'http://stripe.test');
    const form = Object.fromEntries(new URLSearchParams(body));
    const call = { method: request.method ?? '', path: url.pathname, query: Object.fromEntries(url.searchParams) };
    seen.push({ ...call, headers: request.headers, form });
    const key = String(request.headers['idempotency-key'] ?? '');
    const reply = kept.get(key) ?? replies.shift() ?? { status: 404, json: stripeError('resource_missing') };
    if (key.startsWith('checkout:') && (reply.status ?? 200) === 200 && !reply.hangUp) kept.set(key, reply);
    if (reply.hangUp) return void request.socket.destroy();
    if (reply.delayMs) await new Promise((resolve) => setTimeout(resolve, reply.delayMs).unref());
    response.writeHead(reply.status ?? 200, {
      'content-type': 'application/json',
      'request-id': 'req_1',
      ...reply.headers,
    });
    response.end(reply.text ?? JSON.stringify(reply.json ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    replies,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The body of a refusal, with a message as Stripe words it: it names a part of the key. */
export function stripeError(code: string | null, type = 'invalid_request_error') {
  return {
    error: {
      type,
      ...(code === null ? {} : { code }),
      message: 'Invalid API Key provided: sk_test_****cret',
      param: 'x',
    },
  };
}
