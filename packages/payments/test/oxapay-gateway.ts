import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Invoice = Record<string, unknown>;

export const KEY = 'OXA-MERCHANT-KEY';
export const now = new Date('2026-11-21T12:00:00Z');
export const seconds = (minutes: number): number => now.getTime() / 1000 + minutes * 60;
export const address = (track: string): string => `https://pay.oxapay.com/12373985/${track}`;

interface Trouble {
  on: string;
  how: 'hang up after doing it' | { status: number; text?: string };
}

/** Behaves as the v1 API does: an envelope around every answer, no idempotency, a history that knows no order ids and no addresses. */
export interface OxapayGateway {
  readonly base: string;
  readonly invoices: Invoice[];
  readonly seen: { method: string; path: string; body: string }[];
  readonly trouble: Trouble[];
  close(): void;
}

export async function startGateway(): Promise<OxapayGateway> {
  const invoices: Invoice[] = [];
  const seen: OxapayGateway['seen'] = [];
  const trouble: Trouble[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method = '', url = '' } = request;
    seen.push({ method, path: url, body });
    const bad = trouble.findIndex(({ on }) => method === on);
    const how = bad < 0 ? undefined : trouble.splice(bad, 1)[0]?.how;
    const known = request.headers.merchant_api_key === KEY;
    const { status, data } = known ? answer(invoices, method, url, body) : { status: 401, data: {} };
    if (how === 'hang up after doing it') return void request.socket.destroy();
    const error = status < 400 && (how?.status ?? 200) < 400 ? {} : { type: 'x', key: 'some_error', message: 'm' };
    response.writeHead(how?.status ?? status, { 'content-type': 'application/json' });
    response.end(how?.text ?? JSON.stringify({ data, message: 'm', error, status, version: '1.0.0' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    invoices,
    seen,
    trouble,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(invoices: Invoice[], method: string, path: string, body: string): { status: number; data: unknown } {
  const url = new URL(path, 'http://gateway');
  if (method === 'POST' && url.pathname === '/v1/payment/invoice') {
    const invoice = { ...JSON.parse(body), track_id: String(100_000_000 + invoices.length), date: seconds(0), txs: [] };
    invoices.push({ status: 'new', type: 'invoice', ...invoice });
    return { status: 200, data: { track_id: invoice.track_id, payment_url: address(invoice.track_id) } };
  }
  const id = url.pathname.split('/')[3];
  if (id === undefined) return { status: 200, data: history(invoices, url.searchParams) };
  const invoice = invoices.find(({ track_id }) => track_id === id);
  return invoice ? { status: 200, data: invoice } : { status: 404, data: {} };
}

function history(invoices: Invoice[], wish: URLSearchParams): unknown {
  const [from, to] = [Number(wish.get('from_date')), Number(wish.get('to_date') ?? 1e12)];
  const [page, size] = [Number(wish.get('page')), Number(wish.get('size'))];
  const fits = invoices.filter(({ date }) => Number(date) >= from && Number(date) <= to);
  if (wish.get('sort_type') === 'desc') fits.reverse();
  const meta = { page, last_page: Math.max(1, Math.ceil(fits.length / size)), total: fits.length };
  return { list: fits.slice((page - 1) * size, page * size), meta };
}
