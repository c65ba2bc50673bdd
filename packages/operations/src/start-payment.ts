import { changed } from '@mingdan/db';
import { type Money, messageOf, pause } from '@mingdan/kernel';
import { findOrder, isSubscribable, type Order } from '@mingdan/orders';
import {
  type CreatedPayment,
  type CreatePayment,
  GatewayRefused,
  OrderIdUsed,
  type PaymentClient,
  type PaymentMethod,
  type ProviderName,
} from '@mingdan/payments';
import { findMethod, providerCapabilities } from '@mingdan/payments/capabilities';
import {
  type Attempt,
  attemptsOf,
  beginOpening,
  closeAttempt,
  findAttempt,
  isShowable,
  keepOpened,
  openAttempt,
  openingFailed,
} from './attempts.ts';
import type { OperationDeps } from './contract.ts';
import { OperationRefused } from './errors.ts';
import { mayTryGateway, noteGatewayFailure, noteGatewaySuccess } from './gateway-health.ts';
import { payable, type Surface } from './offer.ts';
import { wakeWorkers } from './settle.ts';

export interface PaymentWish {
  readonly orderNo: string;
  readonly provider: ProviderName;
  /** one of the provider's methods; left out: the one for the surface */
  readonly method?: string | undefined;
  readonly surface?: Surface;
  readonly openid?: string | undefined;
  readonly ip?: string | undefined;
  /** where the gateway sends the buyer back to, checked by the caller; our own page when left out */
  readonly returnUrl?: string | undefined;
}

export interface StartedPayment {
  readonly orderNo: string;
  readonly provider: ProviderName;
  readonly method: string;
  readonly paymentUrl: string | null;
  readonly qrCode: string | null;
  readonly clientParams: Readonly<Record<string, string>> | null;
  readonly providerPaymentId: string | null;
  readonly amount: Money;
  readonly expiresAt: Date;
}

/** A gateway that is slower than this counts as not answering; its own time-outs are shorter. */
const OPENING_SECONDS = 10;
const LOOK_AGAIN_MS = 100;
const PATIENCE_MS = 3_000;

/**
 * Opens (or finds again) the payment of an order at a gateway. The attempt is written before the gateway is asked, so that its notice
 * always finds it; the same order and method give the same payment, and of several who ask at once one asks the gateway.
 * @throws OperationRefused order_not_found | order_not_payable | provider_not_offered | method_not_offered | not_enough_coins |
 *   gateway_timeout | gateway_refused
 */
export async function startPayment(deps: OperationDeps, wish: PaymentWish): Promise<StartedPayment> {
  const { orderNo, provider } = wish;
  const order = await findOrder(deps.db, orderNo);
  if (!order) throw new OperationRefused('order_not_found', `there is no order ${orderNo}`);
  if (!isPayable(order, deps.clock.now()))
    throw new OperationRefused('order_not_payable', `order ${orderNo} is ${order.status}`);
  const client = deps.clients.get(provider);
  if (!client || !deps.settings.offered.includes(provider))
    throw new OperationRefused('provider_not_offered', `${provider} is not offered`);
  const method = methodOf(wish);
  const amount = payable(deps, order, method);
  if (amount === null || (method.needs?.includes('openid') && !wish.openid))
    throw new OperationRefused('method_not_offered', `${method.method} cannot take order ${orderNo}`);

  const repeats = method.repeatsDays !== undefined;
  if (repeats && !(await isSubscribable(deps.db, order.id)))
    throw new OperationRefused('method_not_offered', `${orderNo} is sold once only`);

  const attempt = await openAttempt(deps.db, order, { provider, method: method.method, amount, repeats });
  const opened = isShowable(attempt, deps.clock.now()) ? attempt : await open(deps, order, attempt, client, wish);
  const { paymentUrl, qrCode, clientParams, providerPaymentId } = opened;
  return {
    orderNo,
    provider,
    method: method.method,
    paymentUrl,
    qrCode,
    clientParams,
    providerPaymentId,
    amount: opened.amount,
    expiresAt: order.expiresAt,
  };
}

export function isPayable(order: Pick<Order, 'status' | 'expiresAt'>, now: Date): boolean {
  return order.status === 'pending_payment' && order.expiresAt > now;
}

function methodOf({ provider, method, surface = 'chat' }: PaymentWish): PaymentMethod {
  const known = providerCapabilities.get(provider);
  const usual = surface === 'chat' ? known?.chat : known?.web[surface];
  const found = findMethod(provider, method ?? usual ?? null);
  if (!found)
    throw new OperationRefused('method_not_offered', `${provider} has no method ${method ?? 'for this place'}`);
  return found;
}

/** One asks the gateway; whoever comes at the same time waits for what the gateway tells the first. */
async function open(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
  client: PaymentClient,
  wish: PaymentWish,
): Promise<Attempt> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(LOOK_AGAIN_MS)) {
    if (await beginOpening(deps.db, attempt.id, OPENING_SECONDS)) return askGateway(deps, order, attempt, client, wish);
    const now = await findAttempt(deps.db, attempt.id);
    if (now && isShowable(now, deps.clock.now())) return now;
  }
  throw new OperationRefused('gateway_timeout', `${client.provider} has not opened ${order.orderNo} yet`);
}

async function askGateway(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
  client: PaymentClient,
  wish: PaymentWish,
): Promise<Attempt> {
  const { provider } = client;
  if (!(await mayTryGateway(deps.db, provider))) {
    await openingFailed(deps.db, attempt.id);
    throw new OperationRefused('gateway_timeout', `${provider} is taken out for a while`);
  }
  let created: CreatedPayment;
  try {
    created = await client.createPayment(requestFor(deps, order, attempt, wish));
  } catch (error) {
    return afterFailure(deps, order, attempt, client, wish, error);
  }
  await noteGatewaySuccess(deps, provider);
  await keepOpened(deps.db, attempt.id, created);
  const open = await changed(
    deps.db,
    `update orders set provider = :provider where id = :id and status = 'pending_payment'`,
    { id: order.id, provider },
  );
  // The order was cancelled or expired while the gateway worked: nobody should be able to pay it now. Coins have paid it.
  if (open === 0 && provider !== 'points')
    await client.closePayment?.({ ...attempt, providerPaymentId: created.providerPaymentId }).catch(() => undefined);
  if (provider === 'points') await wakeWorkers(deps.db);
  else await closeEarlier(deps, order, attempt, client);
  return (await findAttempt(deps.db, attempt.id)) ?? attempt;
}

/** Another method of the same provider was chosen: the one before it should not be paid beside it. Where it is, it goes back. */
async function closeEarlier(deps: OperationDeps, order: Order, attempt: Attempt, client: PaymentClient): Promise<void> {
  const earlier = (await attemptsOf(deps.db, order.id)).filter(
    (each) => each.provider === attempt.provider && each.id < attempt.id && each.status === 'open',
  );
  for (const each of earlier) {
    try {
      if (!client.closePayment) return;
      await client.closePayment(each);
      await closeAttempt(deps.db, each.id);
    } catch (error) {
      deps.log.warn(
        { order_no: order.orderNo, provider: attempt.provider, cause: messageOf(error) },
        'an earlier payment stays open',
      );
    }
  }
}

async function afterFailure(
  deps: OperationDeps,
  order: Order,
  attempt: Attempt,
  client: PaymentClient,
  wish: PaymentWish,
  error: unknown,
): Promise<Attempt> {
  const { provider } = client;
  await openingFailed(deps.db, attempt.id);
  if (error instanceof OrderIdUsed && !attempt.gatewayOrderId.endsWith('-9')) {
    await closeAttempt(deps.db, attempt.id);
    const next = await openAttempt(deps.db, order, { ...attempt, provider });
    return open(deps, order, next, client, wish);
  }
  if (error instanceof GatewayRefused) {
    await noteGatewaySuccess(deps, provider);
    const code = error.code === 'not_enough_coins' ? 'not_enough_coins' : 'gateway_refused';
    throw new OperationRefused(code, `${provider} opened no payment for ${order.orderNo}`, error);
  }
  await noteGatewayFailure(deps, provider, messageOf(error));
  throw new OperationRefused('gateway_timeout', `${provider} opened no payment for ${order.orderNo}`, error);
}

function requestFor(deps: OperationDeps, order: Order, attempt: Attempt, wish: PaymentWish): CreatePayment {
  const { webhookUrl, publicUrl, notifyUrls } = deps.settings;
  return {
    gatewayOrderId: attempt.gatewayOrderId,
    amount: attempt.amount,
    subject: order.productNames[order.language] ?? order.productNames['zh-CN'] ?? order.productSlug,
    notifyUrl: notifyUrls[attempt.provider] ?? `${webhookUrl}/webhook/${attempt.provider}`,
    // Never the signed link: the gateway's logs are not ours.
    returnUrl: wish.returnUrl ?? `${publicUrl}/payment/success?order_no=${order.orderNo}`,
    expiresAt: order.expiresAt,
    method: attempt.method,
    buyer: {
      userId: order.userId,
      telegramId: order.chatId,
      language: order.language,
      openid: wish.openid ?? null,
      ip: wish.ip ?? null,
    },
  };
}
