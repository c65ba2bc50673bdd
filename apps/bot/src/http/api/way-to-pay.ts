import { type ProviderName, providerNames } from '@mingdan/payments';
import { findMethod, providerCapabilities } from '@mingdan/payments/capabilities';
import type { Request } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { surfaceOf } from '../surface.ts';

export interface WayToPay {
  readonly provider: ProviderName;
  readonly method: string;
  /** the caller's own word for it */
  readonly named: string;
}

/** What shops call some ways to pay. */
const ALIASES: Readonly<Record<string, ProviderName>> = { usdt: 'oxapay', alipay_redpacket: 'redpacket' };

/** @throws HttpError 422 `invalid_field` for what is not offered, `method_not_offered` where it has no such method here */
export function wayToPay(deps: HttpDeps, req: Request, named: string, method?: string): WayToPay {
  const word = named.toLowerCase();
  const provider = ALIASES[word] ?? providerNames.find((known) => known === word);
  if (!provider || !deps.operations.settings.offered.includes(provider))
    throw new HttpError(
      422,
      'invalid_field',
      'The field payment_method names no way to pay that is offered',
      'payment_method',
    );
  const known = providerCapabilities.get(provider);
  // Stars have no page: who has a Telegram account pays their invoice in Telegram.
  const wanted = method ?? known?.web[surfaceOf(req)] ?? (provider === 'stars' ? known?.chat : null) ?? null;
  const found = wanted === null ? undefined : findMethod(provider, wanted);
  // Nothing but /api/v1 takes the number that such a method needs.
  if (!found || found.needs?.includes('openid'))
    throw new HttpError(
      422,
      'method_not_offered',
      'This way to pay has no such method',
      method === undefined ? 'payment_method' : 'method',
    );
  return { provider, method: found.method, named };
}
