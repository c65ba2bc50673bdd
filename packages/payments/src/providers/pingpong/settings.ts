import { z } from 'zod';
import type { ProviderSettings, ProviderVariable } from '../../contract.ts';
import { apiRoot, text } from '../../values.ts';

/** What notices of the plain protocol are judged by. */
export interface PlainNotices {
  /** empty: not set up, and verifies nothing */
  readonly webhookSecret: string;
  /** compared where it is set and the notice names a merchant */
  readonly merchantId?: string | null;
}

/** What signs both ways in v4. */
export interface V4Keys {
  readonly clientId: string;
  readonly accId: string;
  readonly salt: string;
  /** MD5 is spoken and taken only where it is asked for */
  readonly signType: 'SHA256' | 'MD5';
}

/** Both protocols side by side, whichever payments are created with: an account may be on its way from one to the other. */
export interface PingpongWebhook extends PlainNotices {
  /** null or left out: not set up */
  readonly v4?: V4Keys | null;
}

export interface PlainBot {
  readonly protocol?: 'plain';
  /** without a trailing slash */
  readonly apiBase: string;
  readonly merchantId: string;
  readonly apiSecret: string;
}

export interface V4Bot extends V4Keys {
  readonly protocol: 'v4';
  /** without a trailing slash */
  readonly apiBase: string;
}

export type PingpongBot = PlainBot | V4Bot;

/** Frankfurt. Merchants of other regions set `PINGPONG_API_BASE`. */
const V4_PRODUCTION = 'https://acquirer-payment.pingpongx.com';

const signType = z
  .string()
  .trim()
  .toUpperCase()
  .pipe(z.enum(['SHA256', 'MD5']))
  .default('SHA256');

const plain = { name: 'PINGPONG_PROTOCOL', is: 'plain', otherwise: 'plain' } as const;
const v4 = { ...plain, is: 'v4' } as const;

const merchantId = {
  name: 'PINGPONG_MERCHANT_ID',
  expected: 'the merchant number of your PingPong account',
  example: '2018092714313010016',
  secret: false,
};

const variables: readonly ProviderVariable[] = [
  {
    name: 'PINGPONG_API_BASE',
    expected: 'the root of the PingPong API, without a version',
    example: 'https://pay.example.com',
    secret: false,
    neededBy: 'bot',
    required: true,
    when: plain,
  },
  { ...merchantId, neededBy: 'bot', required: true, when: plain },
  { ...merchantId, neededBy: 'webhook', required: false, when: plain },
  {
    name: 'PINGPONG_API_SECRET',
    expected: 'the secret that signs our calls',
    example: 'a-long-random-text-from-the-merchant-console',
    secret: true,
    neededBy: 'bot',
    required: true,
    when: plain,
  },
  {
    name: 'PINGPONG_WEBHOOK_SECRET',
    expected: 'the secret that signs the notices of PingPong',
    example: 'another-long-random-text-from-the-merchant-console',
    secret: true,
    neededBy: 'webhook',
    required: true,
    when: plain,
  },
  {
    name: 'PINGPONG_PROTOCOL',
    expected: 'plain or v4 (the acquirer API)',
    example: 'plain',
    secret: false,
    neededBy: 'both',
    required: false,
  },
  {
    name: 'PINGPONG_CLIENT_ID',
    expected: 'clientId of the acquirer API v4: accId without its last three digits',
    example: '2018092714313010016',
    secret: false,
    neededBy: 'both',
    required: true,
    when: v4,
  },
  {
    name: 'PINGPONG_ACC_ID',
    expected: 'accId of your shop in the acquirer API v4',
    example: '2018092714313010016291',
    secret: false,
    neededBy: 'both',
    required: true,
    when: v4,
  },
  {
    name: 'PINGPONG_SALT',
    expected: 'the salt of your shop in the acquirer API v4',
    example: 'F78BC96A55548B2319EE68E0',
    secret: true,
    neededBy: 'both',
    required: true,
    when: v4,
  },
  {
    name: 'PINGPONG_SIGN_TYPE',
    expected: 'SHA256, or MD5 for an old shop of the acquirer API v4',
    example: 'SHA256',
    secret: false,
    neededBy: 'both',
    required: false,
    when: v4,
  },
];

const v4Needed = { PINGPONG_CLIENT_ID: text, PINGPONG_ACC_ID: text, PINGPONG_SALT: text };
const v4Optional = z.object({ ...v4Needed, PINGPONG_SIGN_TYPE: signType });

const forWebhook = z.discriminatedUnion('PINGPONG_PROTOCOL', [
  z.object({
    PINGPONG_PROTOCOL: z.literal('plain'),
    PINGPONG_WEBHOOK_SECRET: text,
    PINGPONG_MERCHANT_ID: text.optional(),
    ...v4Optional.partial().shape,
    PINGPONG_SIGN_TYPE: signType,
  }),
  z.object({
    PINGPONG_PROTOCOL: z.literal('v4'),
    PINGPONG_WEBHOOK_SECRET: text.optional(),
    PINGPONG_MERCHANT_ID: text.optional(),
    ...v4Optional.shape,
  }),
]);

const forBot = z.discriminatedUnion('PINGPONG_PROTOCOL', [
  z.object({
    PINGPONG_PROTOCOL: z.literal('plain'),
    PINGPONG_API_BASE: apiRoot,
    PINGPONG_MERCHANT_ID: text,
    PINGPONG_API_SECRET: text,
  }),
  z.object({
    PINGPONG_PROTOCOL: z.literal('v4'),
    PINGPONG_API_BASE: apiRoot.default(V4_PRODUCTION),
    ...v4Optional.shape,
  }),
]);

/** Which protocol it is decides what the rest must be. */
function byProtocol<T extends z.ZodType>(rest: T) {
  return z.preprocess((values) => {
    const given = z.looseObject({ PINGPONG_PROTOCOL: z.string().default('plain') }).safeParse(values);
    if (!given.success) return values;
    return { ...given.data, PINGPONG_PROTOCOL: given.data.PINGPONG_PROTOCOL.trim().toLowerCase() };
  }, rest);
}

export const settings: ProviderSettings<PingpongWebhook, PingpongBot> = {
  provider: 'pingpong',
  variables,
  webhook: byProtocol(forWebhook).transform((values) => ({
    webhookSecret: values.PINGPONG_WEBHOOK_SECRET ?? '',
    merchantId: values.PINGPONG_MERCHANT_ID ?? null,
    v4: v4KeysIn(values),
  })),
  bot: byProtocol(forBot).transform((values) =>
    values.PINGPONG_PROTOCOL === 'plain'
      ? {
          protocol: 'plain' as const,
          apiBase: values.PINGPONG_API_BASE,
          merchantId: values.PINGPONG_MERCHANT_ID,
          apiSecret: values.PINGPONG_API_SECRET,
        }
      : {
          protocol: 'v4' as const,
          apiBase: values.PINGPONG_API_BASE,
          clientId: values.PINGPONG_CLIENT_ID,
          accId: values.PINGPONG_ACC_ID,
          salt: values.PINGPONG_SALT,
          signType: values.PINGPONG_SIGN_TYPE,
        },
  ),
};

/** Whole or not at all: part of them verifies nothing. */
function v4KeysIn(values: {
  PINGPONG_CLIENT_ID?: string | undefined;
  PINGPONG_ACC_ID?: string | undefined;
  PINGPONG_SALT?: string | undefined;
  PINGPONG_SIGN_TYPE: V4Keys['signType'];
}): V4Keys | null {
  const { PINGPONG_CLIENT_ID: clientId, PINGPONG_ACC_ID: accId, PINGPONG_SALT: salt } = values;
  if (clientId === undefined || accId === undefined || salt === undefined) return null;
  return { clientId, accId, salt, signType: values.PINGPONG_SIGN_TYPE };
}
