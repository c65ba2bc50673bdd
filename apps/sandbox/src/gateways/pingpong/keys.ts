import { randomInt } from 'node:crypto';
import { randomToken } from '@mingdan/kernel';
import { z } from 'zod';
import type { MadeKeys } from '../contract.ts';

/** Of the acquirer API v4. */
const v4Keys = z.object({ clientId: z.string().min(1), accId: z.string().min(1), salt: z.string().min(1) });
export type V4Keys = z.infer<typeof v4Keys>;

export const pingpongKeys = z.object({
  merchantId: z.string().min(1),
  apiSecret: z.string().min(1),
  webhookSecret: z.string().min(1),
  /** without them v4 does not answer */
  v4: v4Keys.optional(),
});
export type PingPongKeys = z.infer<typeof pingpongKeys>;

/** Keys of both protocols; which one is spoken is the product's choice (`PINGPONG_PROTOCOL`). */
export function makeKeys(): MadeKeys<PingPongKeys> {
  const clientId = `20180927143${randomInt(10_000_000, 99_999_999)}`;
  const v4 = { clientId, accId: `${clientId}291`, salt: randomToken(18) };
  const sandbox = { merchantId: 'sandbox-merchant', apiSecret: randomToken(24), webhookSecret: randomToken(24), v4 };
  return {
    sandbox,
    environment: {
      PINGPONG_PROTOCOL: 'plain',
      PINGPONG_MERCHANT_ID: sandbox.merchantId,
      PINGPONG_API_SECRET: sandbox.apiSecret,
      PINGPONG_WEBHOOK_SECRET: sandbox.webhookSecret,
      PINGPONG_CLIENT_ID: v4.clientId,
      PINGPONG_ACC_ID: v4.accId,
      PINGPONG_SALT: v4.salt,
    },
  };
}
