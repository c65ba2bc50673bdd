import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@mingdan/kernel';
import { createClients } from '../src/clients.ts';
import type { PaymentClient } from '../src/index.ts';
import { signAnswer } from '../src/providers/alipay/sign-for-tests.ts';

export const app = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const alipay = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const appId = '2021000122671080';
export const now = new Date('2026-11-21T12:00:00Z');

export const order = 'REPORT_20261121_7K3M9QXA';
export const amount = { minor: 1990, currency: 'CNY' } as const;
export const wanted = {
  gatewayOrderId: order,
  amount,
  subject: '八字精批',
  notifyUrl: 'https://pay.example.com/webhook/alipay',
  returnUrl: 'https://shop.example.com/payment/success?order_no=1',
  expiresAt: new Date('2026-11-21T12:30:00Z'),
  method: 'ALIPAY_QR',
  buyer: { userId: 1, telegramId: 1, language: 'zh-CN', openid: null, ip: null },
};
export const payment = { gatewayOrderId: order, providerPaymentId: null };
export const refund = {
  refundId: 'R7d1',
  gatewayOrderId: order,
  providerPaymentId: '2026112122001',
  amount: { minor: 500, currency: 'CNY' },
  paymentAmount: amount,
  reason: 'failed',
  notifyUrl: wanted.notifyUrl,
  buyer: wanted.buyer,
} as const;
export const refundReference = { ...payment, refundId: 'R7d1', providerRefundId: null };
export const ok = { code: '10000', msg: 'Success' };
export const trade = {
  ...ok,
  out_trade_no: order,
  trade_no: '2026112122001',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '19.90',
  send_pay_date: '2026-11-21 20:00:05',
};
export const no = (sub_code: string, code = '40004') => ({ part: { code, msg: 'Business Failed', sub_code } });

export interface Seen {
  readonly verb: string;
  readonly inAddress: URLSearchParams;
  readonly inBody: URLSearchParams;
  readonly fields: ReadonlyMap<string, string>;
  readonly business: Readonly<Record<string, unknown>>;
}

export interface Reply {
  /** what the part named after the method holds; signed with Alipay's key */
  readonly part?: Readonly<Record<string, unknown>>;
  readonly partName?: string;
  readonly key?: KeyObject;
  readonly status?: number;
  readonly text?: string;
  /** changes the signed answer on its way */
  readonly change?: (text: string) => string;
  readonly headers?: Record<string, string>;
  readonly delayMs?: number;
  readonly hangUp?: boolean;
}

/** A gateway that answers as it is told, with signatures as Alipay's. */
export class FakeAlipay {
  readonly seen: Seen[] = [];
  readonly replies: Reply[] = [];
  readonly lines: string[] = [];
  readonly #server: Server = createServer((request, response) => void this.#serve(request, response));

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get gatewayUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/gateway.do`;
  }

  client(changes: { gatewayUrl?: string; returnUrl?: string; publicKeys?: readonly KeyObject[] } = {}): PaymentClient {
    const settings = {
      appId,
      privateKey: app.privateKey,
      publicKeys: [alipay.publicKey],
      gatewayUrl: this.gatewayUrl,
      returnUrl: null,
      ...changes,
    };
    const log = createLogger({ process: 'test', destination: { write: (line) => this.lines.push(line) } });
    const found = createClients(new Map([['alipay', settings]]), { clock: { now: () => now }, log }).get('alipay');
    if (!found) throw new Error('no client');
    return found;
  }

  async #serve(request: IncomingMessage, response: import('node:http').ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += chunk;
    const call = readCall(request, body);
    this.seen.push(call);
    const reply = this.replies.shift() ?? { status: 500 };
    if (reply.hangUp) return void request.socket.destroy();
    if (reply.delayMs) await new Promise((resolve) => setTimeout(resolve, reply.delayMs).unref());
    const name = reply.partName ?? `${call.fields.get('method')?.replaceAll('.', '_')}_response`;
    const signed = signAnswer(reply.key ?? alipay.privateKey, name, reply.part ?? {});
    response.writeHead(reply.status ?? 200, { 'content-type': 'text/html;charset=utf-8', ...reply.headers });
    response.end(reply.text ?? (reply.change ?? ((text) => text))(signed));
  }
}

function readCall(request: IncomingMessage, body: string): Seen {
  const inAddress = new URL(request.url ?? '', 'http://gateway').searchParams;
  const inBody = new URLSearchParams(body);
  const fields = new Map([...inAddress, ...inBody]);
  const business = JSON.parse(fields.get('biz_content') ?? '{}');
  return { verb: request.method ?? '', inAddress, inBody, fields, business };
}

/** Judged by the published rule and not by the project's own code: all but `sign`, by name, as they are. */
export function isSignedByApp(fields: ReadonlyMap<string, string>): boolean {
  const content = [...fields]
    .filter(([name]) => name !== 'sign')
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`);
  const signature = Buffer.from(fields.get('sign') ?? '', 'base64');
  return verify('RSA-SHA256', Buffer.from(content.join('&')), app.publicKey, signature);
}
