import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { readPrivateKey } from './pem.ts';

/** Values that settings and answers of several gateways hold, as schemas. */

export const text = z.string().trim().min(1);

/** An address that we call or send a buyer to; nothing but the web. */
export const webAddress = z.url({ protocol: /^https?$/ });

/** The root that paths are put behind. */
export const apiRoot = webAddress.transform((url) => url.replace(/\/+$/, ''));

/** What a gateway names a payment or a refund by: text, or a number through its own text. */
export const gatewayId = z.union([z.string().min(1).max(128), z.number()]).transform(String);

export const rsaPrivateKey = z.string().transform((value, context): KeyObject => {
  const key = readPrivateKey(value);
  if (key) return key;
  context.addIssue({ code: 'custom', message: 'it holds no RSA private key' });
  return z.NEVER;
});
