import { formatAmount } from '@mingdan/kernel';
import type { StartedPayment } from '@mingdan/operations';
import { dueOf, type Order } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { findMethod, providerCapabilities } from '@mingdan/payments/capabilities';
import type { Request } from 'express';
import type { z } from 'zod';
import type { HttpDeps } from '../../deps.ts';
import { HttpError } from '../../errors.ts';
import { openPayment } from '../../open-payment.ts';
import { readBody } from '../body.ts';
import { answering } from '../operation-errors.ts';
import { callersOrder, isAmount, providerByName } from './find.ts';
import { createBody } from './schemas.ts';

type Wish = z.output<typeof createBody>;

/** `POST /api/v1/payments/<provider>/create`: the payment of an order, opened or found again. Amount and price are the order's. */
export async function createPayment(deps: HttpDeps, req: Request): Promise<object> {
  const named = String(req.params.provider);
  const provider = providerByName(named);
  const wish = readBody(req, createBody);
  const order = await callersOrder(deps, req, wish.orderId);
  checkMoney(order, wish);
  checkMethod(provider, wish);
  const started = await answering(
    openPayment(deps, req, {
      orderNo: order.orderNo,
      provider,
      method: wish.method,
      openid: wish.openid,
      returnUrl: allowedReturnUrl(deps, wish.returnUrl),
    }),
  );
  return paymentJson(started, { provider: named, method: wish.method ?? started.method });
}

/** What is shown to the buyer; `names` are the caller's own words for provider and method. */
export function paymentJson(started: StartedPayment, names: { provider: string; method: string }): object {
  return {
    order_no: started.orderNo,
    ...names,
    ...(started.paymentUrl === null ? {} : { payment_url: started.paymentUrl }),
    ...(started.qrCode === null ? {} : { qr_code: started.qrCode }),
    ...(started.clientParams === null ? {} : { client_params: started.clientParams }),
    ...(started.providerPaymentId === null ? {} : { track_id: started.providerPaymentId }),
    amount: Number(formatAmount(started.amount)),
    currency: started.amount.currency,
    expires_at: started.expiresAt.toISOString(),
  };
}

/** They are compared and never used: the gateway is asked for the order's own. */
function checkMoney(order: Order, wish: Wish): void {
  const amount = dueOf(order);
  if (!isAmount(wish.amount, amount))
    throw new HttpError(409, 'amount_mismatch', 'The amount is not what is to be paid of the order', 'amount');
  if (wish.currency !== undefined && wish.currency.toUpperCase() !== amount.currency)
    throw new HttpError(409, 'currency_mismatch', 'The currency is not the one of the order', 'currency');
}

function checkMethod(provider: ProviderName, { method, openid }: Wish): void {
  const found = findMethod(provider, method ?? null);
  if (found?.needs?.includes('openid') && openid === undefined)
    throw new HttpError(
      422,
      'invalid_field',
      `The field openid is missing: ${found.method} needs the buyer's`,
      'openid',
    );
  if (found) return;
  const names = providerCapabilities.get(provider)?.methods.map((each) => each.method) ?? [];
  throw new HttpError(422, 'invalid_field', `The field method has to be one of ${names.join(', ')}`, 'method');
}

/** Buyers are sent to our own pages, or to hosts that the operator named. */
function allowedReturnUrl(deps: HttpDeps, returnUrl: string | undefined): string | undefined {
  if (returnUrl === undefined) return undefined;
  const { publicUrl, returnUrlHosts } = deps.settings;
  const url = URL.canParse(returnUrl) ? new URL(returnUrl) : undefined;
  const isWeb = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '';
  const hosts = [new URL(publicUrl).host, ...returnUrlHosts];
  // As it was understood, never as it was written: others read `https://ours\@theirs` otherwise.
  if (isWeb && (hosts.includes(url.host) || hosts.includes(url.hostname))) return url.href;
  throw new HttpError(400, 'return_url_not_allowed', 'This host is not among RETURN_URL_HOSTS', 'returnUrl');
}
