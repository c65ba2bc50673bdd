import { generateKeyPairSync } from 'node:crypto';
import type { Db } from '@mingdan/db';
import type { Order } from '@mingdan/orders';
import { anAttempt, anUnpaidOrder } from '@mingdan/orders/testing';
import type { NoticeToSign, ProviderName } from '@mingdan/payments';
import { noticeSigners } from '@mingdan/payments/testing';
import { createVerifiers, type RawNotice } from '@mingdan/payments/verifiers';
import type { Express } from 'express';
import request, { type Response } from 'supertest';

const alipayKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const wechatKeys = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const WECHAT_KEY_ID = 'PUB_KEY_ID_0119000000012026112100000000000001';
const v4 = { clientId: '2018092714313010016', accId: '2018092714313010016291', salt: 'salt-of-v4', signType: 'SHA256' };
const pingpong = { webhookSecret: 'secret-of-plain', merchantId: 'M-1' };

/** What both sides hold, in one: the verifier's settings, and beside them the gateway's own key where it signs with one. */
const settings = new Map<ProviderName, unknown>([
  ['pingpong', { ...pingpong, v4 }],
  [
    'alipay',
    {
      appId: '2021000122671080',
      sellerId: '2088531891668739',
      publicKeys: [alipayKeys.publicKey],
      alipayPrivateKey: alipayKeys.privateKey,
    },
  ],
  [
    'wechat',
    {
      mchId: '1900000001',
      appIds: ['wx8888888888888888'],
      apiV3Key: 'an-api-v3-key-has-32-bytes-here!',
      platformKeys: [{ id: WECHAT_KEY_ID, publicKey: wechatKeys.publicKey, certificate: null }],
      platformPrivateKey: wechatKeys.privateKey,
      platformKeyId: WECHAT_KEY_ID,
    },
  ],
  ['stripe', { webhookSecrets: ['whsec_of_the_tests'], liveMode: null }],
  ['oxapay', { secretKey: 'MERCHA-NTKEYO-FTHETE-STS000' }],
  ['mock', { webhookSecret: 'secret-of-the-mock' }],
]);

export const verifiers = createVerifiers(settings);

export interface GatewayCase {
  readonly name: string;
  readonly provider: ProviderName;
  readonly acknowledgement: { readonly type: RegExp; readonly body: string };
  /** it signs the time, and what is older than five minutes is refused */
  readonly signsTime: boolean;
  /** it signs the bytes of the body, or the fields in it */
  readonly signs: 'bytes' | 'fields';
  /** whether a payment has its id before it is paid */
  readonly namesPayment: boolean;
}

const text = /^text\/plain; charset=utf-8$/;
const json = /^application\/json/;

/** Each protocol of each gateway that sends notices. */
export const cases: readonly GatewayCase[] = [
  {
    name: 'pingpong',
    provider: 'pingpong',
    acknowledgement: { type: text, body: 'OK' },
    signsTime: false,
    signs: 'bytes',
    namesPayment: true,
  },
  {
    name: 'pingpong v4',
    provider: 'pingpong',
    acknowledgement: { type: text, body: 'OK' },
    signsTime: false,
    signs: 'fields',
    namesPayment: true,
  },
  {
    name: 'alipay',
    provider: 'alipay',
    acknowledgement: { type: text, body: 'success' },
    signsTime: false,
    signs: 'fields',
    namesPayment: false,
  },
  {
    name: 'wechat',
    provider: 'wechat',
    acknowledgement: { type: json, body: '{"code":"SUCCESS"}' },
    signsTime: true,
    signs: 'bytes',
    namesPayment: false,
  },
  {
    name: 'stripe',
    provider: 'stripe',
    acknowledgement: { type: json, body: '{"received":true}' },
    signsTime: true,
    signs: 'bytes',
    namesPayment: true,
  },
  {
    name: 'oxapay',
    provider: 'oxapay',
    acknowledgement: { type: text, body: 'ok' },
    signsTime: false,
    signs: 'bytes',
    namesPayment: true,
  },
  {
    name: 'mock',
    provider: 'mock',
    acknowledgement: { type: text, body: 'OK' },
    signsTime: false,
    signs: 'bytes',
    namesPayment: true,
  },
];

/** An unpaid order whose payment was opened at this gateway. */
export async function anOrderAt(db: Db, { provider, namesPayment }: GatewayCase): Promise<Order> {
  const order = await anUnpaidOrder(db);
  if (provider !== 'pingpong') await anAttempt(db, order, namesPayment ? paymentId(order) : null, provider);
  return order;
}

function paymentId(order: Pick<Order, 'orderNo'>): string {
  return `PAY-${order.orderNo}`;
}

/** What the gateway says of this order: rightly signed, and paid unless told otherwise. */
export function noticeOf(
  { name, provider }: GatewayCase,
  order: Pick<Order, 'orderNo' | 'amount'>,
  changes: Partial<NoticeToSign> = {},
): RawNotice {
  const signer = noticeSigners.get(provider);
  if (!signer) throw new Error(`${provider} has no signer`);
  const signWith = name === 'pingpong v4' ? { webhookSecret: '', v4 } : settings.get(provider);
  return signer.signNotice(signWith, {
    kind: 'paid',
    gatewayOrderId: order.orderNo,
    providerPaymentId: paymentId(order),
    refundId: null,
    amount: order.amount,
    merchant: 'ours',
    at: new Date(),
    ...changes,
  });
}

/** Sends exactly these headers and bytes. */
export async function send(app: Express, path: string, { headers, body }: RawNotice): Promise<Response> {
  const call = request(app)
    .post(path)
    .serialize((bytes) => bytes as never);
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) call.set(name, value as string);
  return call.send(body);
}
