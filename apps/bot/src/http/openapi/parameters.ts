import { languages } from '@mingdan/orders';
import { z } from 'zod';
import { namedUser } from '../auth/users.ts';
import type { Parameter } from './call.ts';
import { orderNo, provider } from './shapes.ts';

/** Stands where a caller has to put their own order. */
export const EXAMPLE_ORDER = 'REPORT_20261121_7K3M9QXA';
export const EXAMPLE_COIN_ORDER = 'COIN_20261121_7K3M9QXA';

export const inPath = {
  orderNo: {
    name: 'order_no',
    in: 'path',
    required: true,
    description: 'our number of the order',
    schema: orderNo,
    example: EXAMPLE_ORDER,
  },
  provider: {
    name: 'provider',
    in: 'path',
    required: true,
    description: 'a provider, in any case',
    schema: provider,
    example: 'alipay',
  },
  giftToken: {
    name: 'token',
    in: 'path',
    required: true,
    description: 'of the claim link',
    schema: z.string().regex(/^[\w-]{43}$/),
    example: 'q2Yw0b9Jc7mTgkX1nS4vLd8uRfEoHa3iPzVbQyWtC5M',
  },
  orderId: {
    name: 'order_id',
    in: 'path',
    required: true,
    description: 'our order number, or your external_id',
    schema: z.string().min(1).max(64),
    example: EXAMPLE_ORDER,
  },
} as const satisfies Record<string, Parameter>;

export const inQuery = {
  lang: {
    name: 'lang',
    in: 'query',
    description: 'language of names; Accept-Language counts without it',
    schema: z.enum(languages),
  },
  limit: {
    name: 'limit',
    in: 'query',
    description: 'how many, 20 when left out and 100 at most',
    schema: z.int().min(1).max(100),
  },
  before: {
    name: 'before',
    in: 'query',
    description: 'the next of an answer: what is older than that answer',
    schema: z.int().min(1).max(999_999_999_999_999),
  },
  userId: {
    name: 'user_id',
    in: 'query',
    description: 'Telegram id of the user it is about, with the API key. With a session it may be left out',
    schema: namedUser,
  },
  linkToken: {
    name: 't',
    in: 'query',
    description: "the token of the order's link (the t of order_url); may also be sent as Bearer token",
    schema: z.string(),
  },
} as const satisfies Record<string, Parameter>;
