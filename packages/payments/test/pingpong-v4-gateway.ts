import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { createClients } from '../src/clients.ts';
import type { CreatePayment, PaymentClient } from '../src/index.ts';

/** A little server with the manners of the acquirer API v4, and a client on it; both new for each test. */

type Fields = Record<string, unknown>;
export interface Reply {
  code?: string;
  content?: Fields;
  /** over the envelope, after it was signed */
  forged?: Fields;
  unsigned?: boolean;
  status?: number;
  text?: string;
}

export const keys = {
  clientId: '2018092714313010016',
  accId: '2018092714313010016291',
  salt: 'F78BC96A55548B2319EE68E0',
};
export const now = new Date('2026-11-21T12:00:00Z');
export const order = 'REPORT_20261121_7K3M9QXA';
export const wanted: CreatePayment = {
  gatewayOrderId: order,
  amount: { minor: 1990, currency: 'CNY' },
  subject: '八字精批: "2026" <1>',
  notifyUrl: 'https://pay.example.com/webhook/pingpong',
  returnUrl: 'https://shop.example.com/order/1',
  expiresAt: new Date('2026-11-21T12:30:00Z'),
  method: 'PINGPONG_CHECKOUT',
  buyer: { userId: 7, telegramId: null, language: 'zh-CN', openid: null, ip: '203.0.113.9' },
};
export const payment = { gatewayOrderId: order, providerPaymentId: 'P1' };
export const refund = {
  ...payment,
  refundId: 'R7d1',
  amount: { minor: 1990, currency: 'CNY' } as const,
  paymentAmount: { minor: 1990, currency: 'CNY' } as const,
  reason: 'failed (twice), sorry + more than thirty-two characters',
  notifyUrl: wanted.notifyUrl,
  buyer: { userId: 7, telegramId: null },
};
export const about = {
  merchantTransactionId: order,
  amount: '19.900000',
  currency: 'CNY',
  transactionId: '2023092050004591',
};
export const created = { ...about, paymentUrl: 'https://checkout.example.com/v3/checkout?token=EU:1', token: 'EU:1' };

let server: Server;
export let seen: { path: string; envelope: Fields; content: Fields }[];
export let replies: Reply[];
export let lines: string[];
export let client: PaymentClient;

beforeEach(async () => {
  [seen, replies, lines] = [[], [], []];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const envelope: Fields = JSON.parse(body);
    seen.push({ path: `${request.method} ${request.url}`, envelope, content: JSON.parse(String(envelope.bizContent)) });
    const { sign, ...signed } = envelope;
    const reply = sign === digest(signed) ? (replies.shift() ?? { status: 500 }) : { code: '104000' };
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json' });
    response.end(reply.text ?? JSON.stringify(sealed(reply)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = clientWith({});
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** The vendor's rule, written a second time: salt in front, fields by name, SHA256 in upper case. */
function digest(fields: Fields): string {
  const text = Object.keys(fields)
    .sort()
    .flatMap((name) => (fields[name] ? [`${name}=${fields[name]}`] : []))
    .join('&');
  return createHash('sha256').update(`${keys.salt}${text}`).digest('hex').toUpperCase();
}

function sealed(reply: Reply): Fields {
  const bizContent = JSON.stringify(reply.content ?? {});
  const { accId, clientId } = keys;
  const envelope = { accId, clientId, code: reply.code ?? '001000', description: 'd', signType: 'SHA256', bizContent };
  return { ...envelope, ...(reply.unsigned ? {} : { sign: digest(envelope) }), ...reply.forged };
}

export function clientWith(change: Partial<typeof keys>): PaymentClient {
  const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = { protocol: 'v4', apiBase, signType: 'SHA256', ...keys, ...change };
  const log = createLogger({ process: 'test', destination: { write: (line) => lines.push(line) } });
  const found = createClients(new Map([['pingpong', settings]]), { clock: { now: () => now }, log }).get('pingpong');
  if (!found) throw new Error('no client');
  return found;
}
