import { describe, expect, test } from '@jest/globals';
import { createLogger, MingdanError, systemClock } from '@mingdan/kernel';
import { providerCapabilities } from '../src/capabilities.ts';
import { createClients } from '../src/clients.ts';
import type { CreatePayment, HouseTools, PaymentClient, ProviderName, RefundOrder } from '../src/index.ts';

const log = createLogger({ process: 'test', level: 'silent' });
const orderNo = 'REPORT_20261121_7K3M9QXA';
const coins = { minor: 199, currency: 'COIN' } as const;
const paidAt = new Date('2026-11-21T12:00:00Z');

/** A house where everything is paid, with what it was asked. */
function house(changes: Partial<HouseTools> = {}): HouseTools & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    payWithCoins: async (payment) => {
      asked.push(payment);
      return 'paid';
    },
    coinPayment: async () => ({ paymentId: 'coins:7', amount: coins, returned: 0, paidAt }),
    giveCoinsBack: async (refund) => void asked.push(refund),
    redpacket: async () => ({ state: 'none', paymentId: null, amount: null, decidedAt: null }),
    ...changes,
  };
}

function client(provider: ProviderName, tools: HouseTools | undefined = house()): PaymentClient {
  const clients = createClients(new Map([[provider, {}]]), {
    clock: systemClock,
    log,
    ...(tools ? { house: tools } : {}),
  });
  const found = clients.get(provider);
  if (!found) throw new Error(`there is no client for ${provider}`);
  return found;
}

const request: CreatePayment = {
  gatewayOrderId: orderNo,
  amount: coins,
  subject: '八字',
  notifyUrl: 'https://pay.example/webhook/points',
  returnUrl: 'https://shop.example/payment/success?order_no=x',
  expiresAt: new Date('2026-11-21T12:30:00Z'),
  method: 'POINTS',
  buyer: { userId: 5, telegramId: 50, language: 'zh-CN', openid: null, ip: null },
};
const refund: RefundOrder = {
  refundId: 'R1',
  gatewayOrderId: orderNo,
  providerPaymentId: 'coins:7',
  amount: { ...coins, minor: 99 },
  paymentAmount: coins,
  reason: 'test',
  notifyUrl: 'https://pay.example/webhook/points/refund',
  buyer: { userId: 5, telegramId: 50 },
};
const reference = { gatewayOrderId: orderNo, providerPaymentId: null };

describe('coins', () => {
  test('pay when the payment is opened, out of the buyer’s account', async () => {
    const tools = house();
    expect(await client('points', tools).createPayment(request)).toEqual({
      providerPaymentId: 'coins:7',
      paymentUrl: null,
    });
    expect(tools.asked).toEqual([{ gatewayOrderId: orderNo, userId: 5, amount: coins }]);
  });

  test.each([
    ['not_enough', 'not_enough_coins'],
    ['not_payable', 'not_payable'],
  ] as const)('that are refused as %s are a refusal: %s', async (outcome, code) => {
    const tools = house({ payWithCoins: async () => outcome });
    await expect(client('points', tools).createPayment(request)).rejects.toMatchObject({
      name: 'GatewayRefused',
      code,
    });
  });

  test('of a buyer without an account are never asked for', async () => {
    const tools = house();
    const anonymous = { ...request, buyer: { ...request.buyer, userId: null } };
    await expect(client('points', tools).createPayment(anonymous)).rejects.toMatchObject({ code: 'no_account' });
    expect(tools.asked).toEqual([]);
  });

  test('that were paid are found, and what was not is pending', async () => {
    expect(await client('points').queryPayment(reference)).toEqual({
      status: 'paid',
      providerStatus: 'paid',
      providerPaymentId: 'coins:7',
      amount: coins,
      paidAt,
    });
    const tools = house({ coinPayment: async () => null });
    expect(await client('points', tools).queryPayment(reference)).toMatchObject({ status: 'pending', amount: null });
  });

  test('go back at once', async () => {
    const tools = house();
    expect(await client('points', tools).refund?.(refund)).toMatchObject({ status: 'succeeded' });
    expect(tools.asked).toEqual([{ refundId: 'R1', gatewayOrderId: orderNo, amount: refund.amount }]);
  });

  test('that the ledger does not give back are a refusal, and a database that is away is none', async () => {
    const refusing = house({
      giveCoinsBack: async () => {
        throw new MingdanError('coins_not_given_back', 'too_much', { hint: 'look' });
      },
    });
    await expect(client('points', refusing).refund?.(refund)).rejects.toMatchObject({ name: 'GatewayRefused' });
    const away = house({
      giveCoinsBack: async () => {
        throw new Error('connection refused');
      },
    });
    await expect(client('points', away).refund?.(refund)).rejects.not.toMatchObject({ name: 'GatewayRefused' });
  });
});

describe('a red packet', () => {
  const yuan = { minor: 1990, currency: 'CNY' } as const;

  test('has nothing to show, and no call that gives money back', async () => {
    const redpacket = client('redpacket');
    expect(await redpacket.createPayment({ ...request, amount: yuan, method: 'ALIPAY_REDPACKET' })).toEqual({
      providerPaymentId: null,
      paymentUrl: null,
    });
    expect(redpacket.refund).toBeUndefined();
    expect(providerCapabilities.get('redpacket')?.refund).toBe('manual');
  });

  test.each([
    ['none', 'pending'],
    ['waiting', 'processing'],
    ['rejected', 'pending'],
  ] as const)('whose code is %s is %s', async (state, status) => {
    const tools = house({ redpacket: async () => ({ state, paymentId: null, amount: null, decidedAt: paidAt }) });
    expect(await client('redpacket', tools).queryPayment(reference)).toMatchObject({
      status,
      amount: null,
      paidAt: null,
    });
  });

  test('that was accepted is paid with what was in it', async () => {
    const tools = house({
      redpacket: async () => ({ state: 'accepted', paymentId: 'redpacket:3', amount: yuan, decidedAt: paidAt }),
    });
    expect(await client('redpacket', tools).queryPayment(reference)).toEqual({
      status: 'paid',
      providerStatus: 'accepted',
      providerPaymentId: 'redpacket:3',
      amount: yuan,
      paidAt,
    });
  });
});

describe('the mock', () => {
  test('sends the buyer to its page, whose address ends in the payment’s id', async () => {
    const mock = client('mock', undefined);
    const created = await mock.createPayment(request);
    expect(created).toEqual({
      providerPaymentId: `MOCK-${orderNo}`,
      paymentUrl: `https://shop.example/payment/mock/MOCK-${orderNo}`,
    });
    expect(await mock.createPayment(request)).toEqual(created);
  });

  test('remembers no payment and says so', async () => {
    expect(await client('mock').queryPayment(reference)).toMatchObject({ status: 'unknown', amount: null });
    expect(providerCapabilities.get('mock')?.query).toBe(false);
  });

  test('gives money back at once', async () => {
    expect(await client('mock').refund?.(refund)).toMatchObject({ status: 'succeeded', providerRefundId: 'MOCK-R1' });
  });

  test('needs an address to come back to', async () => {
    await expect(client('mock').createPayment({ ...request, returnUrl: 'nowhere' })).rejects.toMatchObject({
      code: 'no_return_url',
    });
  });
});

test.each(['points', 'redpacket'] as const)('%s without the tools of the house is no client', (provider) => {
  expect(() => createClients(new Map([[provider, {}]]), { clock: systemClock, log })).toThrow('tools of the house');
});

test('nothing but an account may be needed, and every method is offered somewhere', () => {
  for (const provider of ['points', 'redpacket', 'mock'] as const) {
    const known = providerCapabilities.get(provider);
    expect(known?.methods.map(({ method }) => method)).toEqual([known?.chat]);
    expect(known?.web).toEqual({ phone: known?.chat, computer: known?.chat });
  }
});
