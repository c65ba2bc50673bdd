import { afterEach, beforeEach } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { createClients } from '../src/clients.ts';
import type { CreatePayment, PaymentClient } from '../src/index.ts';
import { type Invoice, KEY, now, type OxapayGateway, seconds, startGateway } from './oxapay-gateway.ts';

/** A client of OxaPay on a gateway of its own for each test, and what it is asked for. */

export const order = 'REPORT_20261121_7K3M9QXA';
export const wanted: CreatePayment = {
  gatewayOrderId: order,
  amount: { minor: 2_770_000, currency: 'USDT' },
  subject: '八字精批',
  notifyUrl: 'https://pay.example.com/webhook/oxapay',
  returnUrl: 'https://shop.example.com/order/1',
  expiresAt: new Date('2026-11-21T12:30:00Z'),
  method: 'OXAPAY_INVOICE',
  buyer: { userId: 1, telegramId: null, language: 'zh-CN', openid: null, ip: null },
};

export let gateway: OxapayGateway;
export let lines: string[];
export let client: PaymentClient;

beforeEach(async () => {
  lines = [];
  gateway = await startGateway();
  client = newProcess();
});
afterEach(() => gateway.close());

export function newProcess(secretKey = KEY): PaymentClient {
  const log = createLogger({ process: 'test', destination: { write: (line) => lines.push(line) } });
  const settings = new Map([['oxapay' as const, { apiBase: gateway.base, secretKey }]]);
  const found = createClients(settings, { clock: { now: () => now }, log }).get('oxapay');
  if (!found) throw new Error('no client');
  return found;
}

export const made = (): number => gateway.seen.filter(({ method }) => method === 'POST').length;
export const tx = { status: 'confirmed', currency: 'USDT', amount: 2.77, date: seconds(3) };

export function given(fields: Invoice): void {
  const invoice = {
    track_id: '184747701',
    order_id: order,
    amount: 2.77,
    currency: 'USDT',
    date: seconds(0),
    ...fields,
  };
  gateway.invoices.push(invoice);
}
