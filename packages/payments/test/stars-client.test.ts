import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '@mingdan/kernel';
import { z } from 'zod';
import { GatewayRefused, GatewayUnreachable, type PaymentClient } from '../src/index.ts';
import { capabilities } from '../src/providers/stars/capabilities.ts';
import { createClient } from '../src/providers/stars/client.ts';
import { settings } from '../src/providers/stars/settings.ts';
import { givenBack, payment, refusal } from './stars-list.ts';

const TOKEN = '123456:TEST-TOKEN-OF-THE-BOT';
const ORDER = 'REPORT_20261121_7K3M9QXA';
const now = new Date('2026-11-21T12:00:00Z');

const asked = z.looseObject({ offset: z.number().optional(), limit: z.number().optional() });
interface Call {
  readonly method: string;
  readonly fields: z.infer<typeof asked>;
}

let server: Server;
let calls: Call[];
let lines: string[];
/** the bot's list, oldest first */
let list: object[];
let replies: { status: number; body: object }[];
let client: PaymentClient;

beforeEach(async () => {
  calls = [];
  lines = [];
  list = [];
  replies = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const method = request.url?.split('/').at(-1) ?? '';
    const fields = asked.parse(JSON.parse(body));
    calls.push({ method, fields });
    const { offset = 0, limit = 100 } = fields;
    const inList = { ok: true, result: { transactions: list.slice(offset, offset + limit) } };
    const usual = method === 'getStarTransactions' ? inList : { ok: true, result: true };
    const reply = replies.shift() ?? { status: 200, body: usual };
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const apiRoot = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const log = createLogger({
    process: 'test',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
  });
  client = createClient(settings.bot.parse({ TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_API_ROOT: apiRoot }), {
    clock: { now: () => now },
    log,
  });
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

const wanted = {
  gatewayOrderId: ORDER,
  amount: { minor: 150, currency: 'XTR' },
  subject: '八字精批',
  notifyUrl: 'https://pay.example.com/webhook/stars',
  returnUrl: 'https://shop.example.com/order/1',
  expiresAt: new Date('2026-11-21T12:30:00Z'),
  method: 'STARS_INVOICE',
  buyer: { userId: 1, telegramId: 7001, language: 'zh-CN', openid: null, ip: null },
} as const;

const refund = {
  refundId: 'R1',
  gatewayOrderId: ORDER,
  providerPaymentId: 'stx-1',
  amount: wanted.amount,
  paymentAmount: wanted.amount,
  reason: 'failed',
  notifyUrl: wanted.notifyUrl,
  buyer: { userId: 1, telegramId: 7001 },
} as const;

const queried = (providerPaymentId: string | null = null) =>
  client.queryPayment({ gatewayOrderId: ORDER, providerPaymentId });

describe('creating', () => {
  test('an invoice link is asked for in whole Stars, with one price and the order as payload', async () => {
    replies = [{ status: 200, body: { ok: true, result: 'https://t.me/$abc' } }];
    expect(await client.createPayment(wanted)).toEqual({ providerPaymentId: null, paymentUrl: 'https://t.me/$abc' });
    expect(calls).toEqual([
      {
        method: 'createInvoiceLink',
        fields: {
          title: '八字精批',
          description: `八字精批 · ${ORDER}`,
          payload: ORDER,
          provider_token: '',
          currency: 'XTR',
          prices: [{ label: '八字精批', amount: 150 }],
        },
      },
    ]);
  });

  test('a long title is cut to 32 units and never within a character', async () => {
    replies = [{ status: 200, body: { ok: true, result: 'https://t.me/$abc' } }];
    await client.createPayment({ ...wanted, subject: '🔮'.repeat(40) });
    const { title, description } = z.object({ title: z.string(), description: z.string() }).parse(calls[0]?.fields);
    expect(title).toBe(`${'🔮'.repeat(15)}…`);
    expect(description.length).toBeLessThanOrEqual(255);
  });

  test('a subscription asks for its period', async () => {
    replies = [{ status: 200, body: { ok: true, result: 'https://t.me/$abc' } }];
    await client.createPayment({ ...wanted, method: 'STARS_SUBSCRIPTION' });
    expect(calls[0]?.fields).toMatchObject({ subscription_period: 2_592_000 });
  });

  test('a subscription is ended by its first payment and its payer', async () => {
    replies = [{ status: 200, body: { ok: true, result: true } }];
    const buyer = { userId: 7, telegramId: 42 };
    await client.endSubscription?.({ gatewayOrderId: ORDER, providerPaymentId: 'stx-1', buyer });
    expect(calls).toEqual([
      {
        method: 'editUserStarSubscription',
        fields: { user_id: 42, telegram_payment_charge_id: 'stx-1', is_canceled: true },
      },
    ]);
    const unknown = { ...buyer, telegramId: null };
    await expect(
      client.endSubscription?.({ gatewayOrderId: ORDER, providerPaymentId: 'stx-1', buyer: unknown }),
    ).rejects.toBeInstanceOf(GatewayRefused);
  });

  test('another currency than Stars is never asked for', async () => {
    const cny = { ...wanted, amount: { minor: 1990, currency: 'CNY' } } as const;
    await expect(client.createPayment(cny)).rejects.toBeInstanceOf(GatewayRefused);
    expect(calls).toEqual([]);
  });
});

describe('asking about a payment', () => {
  test('a payment in the list is found by the order, with its charge, amount and time', async () => {
    list = [payment('stx-0', 'REPORT_20261121_OTHER000'), payment('stx-1', ORDER), payment('stx-2', ORDER)];
    expect(await queried()).toEqual({
      status: 'paid',
      providerStatus: 'paid',
      providerPaymentId: 'stx-1',
      amount: { minor: 150, currency: 'XTR' },
      paidAt: new Date('2026-11-21T10:00:00Z'),
    });
  });

  test('where its charge is known, that charge is meant and no renewal with the same payload', async () => {
    list = [payment('stx-1', ORDER), payment('stx-2', ORDER, '2026-11-21T11:00:00Z')];
    expect(await queried('stx-2')).toMatchObject({ providerPaymentId: 'stx-2' });
  });

  test('a payment that was given back counts as paid', async () => {
    list = [payment('stx-1', ORDER), givenBack('stx-1')];
    expect(await queried()).toMatchObject({ status: 'paid', providerStatus: 'refunded', givenBack: true });
  });

  test('gifts, paid media, withdrawals and lines that make no sense are no payments', async () => {
    const gift = payment('stx-1', ORDER);
    list = [
      { ...gift, source: { ...gift.source, transaction_type: 'gift_purchase' } },
      { id: 'x', amount: 5, date: 1, receiver: { type: 'fragment' } },
      { nonsense: true },
    ];
    expect(await queried()).toMatchObject({ status: 'pending' });
  });

  test('a payment that comes later is found by reading only what is new', async () => {
    list = Array.from({ length: 250 }, (_, place) =>
      payment(`old-${place}`, 'REPORT_20261120_OTHER000', '2026-11-20T01:00:00Z'),
    );
    expect(await queried()).toMatchObject({ status: 'pending' });
    calls.length = 0;
    list.push(payment('stx-9', ORDER));
    expect(await queried()).toMatchObject({ status: 'paid', providerPaymentId: 'stx-9' });
    expect(calls.map(({ fields }) => fields)).toEqual([{ offset: 250, limit: 100 }]);
  });

  test('the end of a long list is found in few questions, and the order is found before it', async () => {
    list = Array.from({ length: 12_345 }, (_, place) =>
      payment(`old-${place}`, 'REPORT_20261001_OTHER000', '2026-10-01T01:00:00Z'),
    );
    list[12_300] = payment('stx-1', ORDER);
    expect(await queried()).toMatchObject({ status: 'paid', providerPaymentId: 'stx-1' });
    expect(calls.length).toBeLessThan(20);
  });

  test.each([0, 1, 99, 100, 101, 199, 200, 201, 300, 400, 1000])(
    'a list of %i lines is read to its end',
    async (length) => {
      list = Array.from({ length }, (_, place) =>
        payment(`c-${place}`, `REPORT_20261121_${String(place).padStart(8, '0')}`),
      );
      const listed = await client.listPayments?.(new Date('2026-11-21T00:00:00Z'), new Date('2026-11-22T00:00:00Z'));
      expect(listed?.map(({ providerPaymentId }) => providerPaymentId)).toEqual(list.map((_, place) => `c-${place}`));
    },
  );

  test('several who ask at once are answered by few questions', async () => {
    list = [payment('stx-1', ORDER)];
    const answers = await Promise.all(Array.from({ length: 20 }, () => queried()));
    expect(answers.every(({ status }) => status === 'paid')).toBe(true);
    expect(calls.length).toBeLessThan(6);
  });

  test.each([
    ['429', { status: 429, body: { ok: false, error_code: 429, parameters: { retry_after: 3 } } }],
    ['a server error', { status: 502, body: {} }],
    ['a wrong token', refusal(401, 'Unauthorized')],
    ['nonsense', { status: 200, body: { ok: true, result: {} } }],
  ])('%s proves nothing, and the next question works', async (_what, reply) => {
    replies = [reply];
    await expect(queried()).rejects.toBeInstanceOf(GatewayUnreachable);
    list = [payment('stx-1', ORDER)];
    expect(await queried()).toMatchObject({ status: 'paid' });
  });

  test('neither the token nor a payer is in a log line or an error', async () => {
    replies = [refusal(401, 'Unauthorized')];
    const error = await client.refund?.(refund).catch((thrown: unknown) => thrown);
    list = [payment('stx-1', ORDER)];
    await queried();
    expect(`${lines.join('')}${String(error)}${JSON.stringify(error)}`).not.toMatch(/TEST-TOKEN|7001|小明/);
    expect(lines.length).toBeGreaterThan(0);
  });
});

describe('giving back', () => {
  test('the whole payment goes back to its buyer, named by its charge', async () => {
    expect(await client.refund?.(refund)).toMatchObject({ status: 'succeeded', providerRefundId: 'stx-1' });
    expect(calls).toEqual([
      { method: 'refundStarPayment', fields: { user_id: 7001, telegram_payment_charge_id: 'stx-1' } },
    ]);
  });

  test('one that was given back before is done', async () => {
    replies = [refusal(400, 'Bad Request: CHARGE_ALREADY_REFUNDED')];
    expect(await client.refund?.(refund)).toMatchObject({ status: 'succeeded' });
  });

  test('a part is refused without asking Telegram', async () => {
    const part = { ...refund, amount: { minor: 50, currency: 'XTR' } } as const;
    await expect(client.refund?.(part)).rejects.toThrow(/in full only/);
    expect(calls).toEqual([]);
  });

  test('other refusals carry the word of Telegram', async () => {
    replies = [refusal(400, 'Bad Request: BALANCE_TOO_LOW')];
    await expect(client.refund?.(refund)).rejects.toThrow(/BALANCE_TOO_LOW/);
    replies = [refusal(400, 'Bad Request: CHARGE_NOT_FOUND')];
    await expect(client.refund?.(refund)).rejects.toBeInstanceOf(GatewayRefused);
  });

  test('a buyer whom we no longer know is found in the list', async () => {
    list = [payment('stx-1', ORDER)];
    await client.refund?.({ ...refund, buyer: { userId: null, telegramId: null } });
    expect(calls.at(-1)?.fields).toMatchObject({ user_id: 7001, telegram_payment_charge_id: 'stx-1' });
  });

  test('Stars that somebody else paid for the buyer go back to who paid them', async () => {
    list = [payment('stx-1', ORDER)];
    replies = [refusal(400, 'Bad Request: CHARGE_NOT_FOUND')];
    const state = await client.refund?.({ ...refund, buyer: { userId: 2, telegramId: 7002 } });
    expect(state).toMatchObject({ status: 'succeeded' });
    const asked = calls.filter(({ method }) => method === 'refundStarPayment').map(({ fields }) => fields.user_id);
    expect(asked).toEqual([7002, 7001]);
  });

  test('whether a refund went through is seen by the same id with a receiver', async () => {
    list = [payment('stx-1', ORDER)];
    const reference = { gatewayOrderId: ORDER, providerPaymentId: 'stx-1', refundId: 'R1', providerRefundId: null };
    expect(await client.queryRefund?.(reference)).toMatchObject({ status: 'unknown' });
    list.push(givenBack('stx-1'));
    expect(await client.queryRefund?.(reference)).toMatchObject({ status: 'succeeded', providerRefundId: 'stx-1' });
  });
});

test('a day is listed with what went back', async () => {
  list = [
    payment('stx-0', ORDER, '2026-11-19T10:00:00Z'),
    payment('stx-1', ORDER),
    payment('stx-2', 'something else'),
    givenBack('stx-1'),
  ];
  const listed = await client.listPayments?.(new Date('2026-11-21T00:00:00Z'), new Date('2026-11-22T00:00:00Z'));
  expect(listed).toEqual([
    {
      gatewayOrderId: ORDER,
      providerPaymentId: 'stx-1',
      amount: { minor: 150, currency: 'XTR' },
      refundedMinor: 150,
      paidAt: new Date('2026-11-21T10:00:00Z'),
    },
    expect.objectContaining({ gatewayOrderId: 'something else', refundedMinor: 0 }),
  ]);
});

test('what is offered can be created: each method has a currency of Stars and is no link on the web', () => {
  expect(capabilities.methods.map(({ currency }) => currency)).toEqual(['XTR', 'XTR']);
  expect(capabilities.methods.map(({ repeatsDays }) => repeatsDays)).toEqual([undefined, 30]);
  expect(capabilities.web).toEqual({ phone: null, computer: null });
  expect(settings.webhook.parse({})).toEqual({});
});
