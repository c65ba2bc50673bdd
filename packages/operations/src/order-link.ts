import { createHmac, timingSafeEqual } from 'node:crypto';
import { MingdanError } from '@mingdan/kernel';
import type { OperationSettings } from './contract.ts';

/** Signed into every token, so that a signature made for something else never opens an order page. */
const PURPOSE = 'mingdan:order-link:v1';

function signature(secretKey: string, orderNo: string): Buffer {
  return createHmac('sha256', secretKey).update(`${PURPOSE}:${orderNo}`).digest();
}

/**
 * The link that opens an order's page with all that is personal on it: whoever holds it may read the report.
 * @throws MingdanError `no_secret_key`
 */
export function orderLink(settings: Pick<OperationSettings, 'publicUrl' | 'secretKeys'>, orderNo: string): string {
  return `${settings.publicUrl}/order/${orderNo}?t=${orderLinkToken(settings, orderNo)}`;
}

/** The `t` of that link: HMAC-SHA256 under the first key, base64url. @throws MingdanError `no_secret_key` */
export function orderLinkToken(settings: Pick<OperationSettings, 'secretKeys'>, orderNo: string): string {
  const [first] = settings.secretKeys;
  if (!first) {
    throw new MingdanError('no_secret_key', 'there is no key to sign links with', { hint: 'Set SECRET_KEY' });
  }
  return signature(first, orderNo).toString('base64url');
}

/** True for a token that any of the keys signed for this very order. Takes the same time wherever the token differs. */
export function verifyOrderLink(
  settings: Pick<OperationSettings, 'secretKeys'>,
  orderNo: string,
  token: string,
): boolean {
  // Strict about the text too: Node's decoder skips what is not base64url, and one order shall have one address.
  if (!/^[\w-]{43}$/.test(token)) return false;
  const given = Buffer.from(token, 'base64url');
  return settings.secretKeys
    .filter((secretKey) => secretKey !== '')
    .map((secretKey) => timingSafeEqual(signature(secretKey, orderNo), given))
    .includes(true);
}
