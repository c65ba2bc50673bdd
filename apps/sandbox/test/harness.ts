import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { createLogger } from '@mingdan/kernel';
import { type Sandbox, type SandboxOptions, startSandbox } from '../src/index.ts';

export const BOT_TOKEN = '70001:test-token';
export const API_SECRET = 'test-api-secret';
export const WEBHOOK_SECRET = 'test-webhook-secret';

export function sandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  return startSandbox({
    port: 0,
    botToken: BOT_TOKEN,
    pingpong: { merchantId: 'test-merchant', apiSecret: API_SECRET, webhookSecret: WEBHOOK_SECRET },
    deepseekApiKey: 'sk-test',
    yuanfenjuApiKey: 'yfj-test',
    log: createLogger({ process: 'sandbox', level: 'silent' }),
    writingMs: 0,
    noticeRetryMs: [20, 20, 20],
    webhookRetryMs: 20,
    ...options,
  });
}

/** Computed apart from the sandbox's own signer. */
export function hmac(secret: string, message: string): string {
  return createHmac('sha256', secret).update(message, 'utf8').digest('hex');
}

export interface Heard {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that writes down what it is sent, and answers what `status` says at that moment. @param answer the gateway's word for "taken" */
export async function listener(status: () => number = () => 200, answer = 'OK') {
  const heard: Heard[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const part of req) body += part;
    heard.push({ headers: req.headers, body });
    res.writeHead(status()).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/webhook`,
    heard,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

export async function eventually<T>(look: () => T | undefined | false, timeoutMs = 5_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found) return found;
    if (Date.now() > end) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
