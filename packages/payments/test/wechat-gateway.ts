import { verify } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { expect } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { createClients } from '../src/clients.ts';
import type { CreatePayment, PaymentClient, RefundOrder } from '../src/index.ts';
import type { WechatBot } from '../src/providers/wechat/settings.ts';
import { signBody } from '../src/providers/wechat/sign-for-tests.ts';
import { merchantKeys, signer, webhookSettings } from './wechat-keys.ts';

export interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}
export interface Reply {
  status?: number;
  json?: unknown;
  text?: string;
  /** who signs the answer; null: nobody */
  by?: Pick<typeof signer, 'platformPrivateKey' | 'platformKeyId'> | null;
  at?: Date;
  headers?: Record<string, string>;
  delayMs?: number;
  hangUp?: boolean;
}

export const now = new Date('2026-11-21T12:00:00Z');
export const order = 'REPORT_20261121_7K3M9QXA';
export const amount = { minor: 1990, currency: 'CNY' } as const;
export const buyer = { userId: 1, telegramId: 2, language: 'zh-CN', openid: 'oUpF8uMuAJO', ip: '203.0.113.7' };
export const wanted: CreatePayment = {
  gatewayOrderId: order,
  amount,
  subject: '八字精批',
  notifyUrl: 'https://pay.example.com/webhook/wechat',
  returnUrl: 'https://shop.example.com/payment/success',
  expiresAt: new Date('2026-11-21T12:30:00Z'),
  method: 'WECHAT_NATIVE',
  buyer,
};
export const payment = { gatewayOrderId: order, providerPaymentId: null };
export const refund: RefundOrder = {
  refundId: 'R7d1',
  gatewayOrderId: order,
  providerPaymentId: '4200001',
  amount: { minor: 990, currency: 'CNY' },
  paymentAmount: amount,
  reason: '不想要了',
  notifyUrl: 'https://pay.example.com/webhook/wechat/refund',
  buyer,
};
export const native = { code_url: 'weixin://wxpay/bizpayurl?pr=Abc123' };
export const transaction = {
  mchid: '1900000001',
  appid: 'wx8888888888888888',
  out_trade_no: order,
  transaction_id: '4200001',
  trade_state: 'SUCCESS',
  success_time: '2026-11-21T20:00:05+08:00',
  amount: { total: 1990, payer_total: 1990, currency: 'CNY', payer_currency: 'CNY' },
};
export const refunding = {
  refund_id: '5000001',
  out_refund_no: 'R7d1',
  out_trade_no: order,
  transaction_id: '4200001',
  status: 'PROCESSING',
  amount: { total: 1990, refund: 990, currency: 'CNY' },
};

/** A server that signs its answers as WeChat Pay does, unless a reply says otherwise, and the client that asks it. */
export async function startGateway() {
  const seen: Seen[] = [];
  const replies: Reply[] = [];
  const lines: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    const reply = replies.shift() ?? { status: 500 };
    if (reply.hangUp) return void request.socket.destroy();
    if (reply.delayMs) await new Promise((resolve) => setTimeout(resolve, reply.delayMs).unref());
    const text = reply.text ?? (reply.json === undefined ? '' : JSON.stringify(reply.json));
    const signed = reply.by === null ? {} : signBody(reply.by ?? signer, text, reply.at ?? new Date()).headers;
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...signed, ...reply.headers });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const apiBase = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  const log = createLogger({ process: 'test', destination: { write: (line) => lines.push(line) } });
  return {
    seen,
    replies,
    lines,
    clientWith(change: Partial<WechatBot>): PaymentClient {
      const settings = new Map([['wechat', botSettings({ apiBase, ...change })]] as const);
      const found = createClients(settings, { clock: { now: () => now }, log }).get('wechat');
      if (!found) throw new Error('no client');
      return found;
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function botSettings(change: Partial<WechatBot>): WechatBot {
  return {
    ...webhookSettings,
    apiBase: 'http://127.0.0.1:9',
    privateKey: merchantKeys.privateKey,
    serial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
    appId: 'wx8888888888888888',
    appIdByMethod: {},
    merchantCertificate: null,
    notifyUrl: null,
    refundNotifyUrl: null,
    ...change,
  };
}

const authorization =
  /^WECHATPAY2-SHA256-RSA2048 mchid="(?<mchid>\d+)",serial_no="(?<serial>\w+)",timestamp="(?<time>\d+)",nonce_str="(?<nonce>\w+)",signature="(?<signature>[^"]+)"$/;

export function isSignedByUs({ method, path, headers, body }: Seen): boolean {
  const { mchid, serial, time, nonce, signature } = authorization.exec(headers.authorization ?? '')?.groups ?? {};
  expect({ mchid, serial }).toEqual({ mchid: '1900000001', serial: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1' });
  const text = `${method}\n${path}\n${time}\n${nonce}\n${body}\n`;
  return verify('sha256', Buffer.from(text), merchantKeys.publicKey, Buffer.from(signature ?? '', 'base64'));
}
