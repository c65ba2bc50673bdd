import { attemptsOf, type CoinPart, coinPartOf, isPayable, type Offer, offersFor } from '@mingdan/operations';
import { type Order, redPacketOfOrder } from '@mingdan/orders';
import type { ProviderName } from '@mingdan/payments';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { toString as drawQr } from 'qrcode';
import type { HttpDeps } from '../deps.ts';
import type { Markup } from './layout.ts';

/** What the page shows of paying an order: the choice, or what the chosen way wants next. */
export interface PaymentPart {
  readonly offers: readonly Offer[];
  /** coins of the buyer's that can pay a part of it */
  readonly coinPart: CoinPart | undefined;
  /** the way that was chosen and is shown on the page itself, not at the gateway */
  readonly chosen: ProviderName | undefined;
  /** SVG of the chosen way's QR code */
  readonly qr: Markup | undefined;
  readonly redPacket:
    | {
        readonly state: 'waiting' | 'accepted' | 'rejected';
        readonly reason: string | null;
        /** an operator has it: it cannot be corrected any more */
        readonly claimed: boolean;
      }
    | undefined;
  /** why the way that was tried last did not work */
  readonly trouble: { readonly provider: ProviderName; readonly code: string } | undefined;
}

export interface PaymentQuery {
  readonly surface: 'phone' | 'computer';
  /** `?via=`: chosen, as far as it is a provider at all */
  readonly via: ProviderName | undefined;
  /** `?trouble=`: what the last try said */
  readonly trouble: string | undefined;
}

/** True where the press itself pays: there is no page of a gateway in between. */
export function paysAtOnce(provider: ProviderName): boolean {
  return providerCapabilities.get(provider)?.methods.every(({ shows }) => shows === 'nothing') ?? false;
}

/** Undefined where the order cannot be paid (any more). */
export async function paymentPart(deps: HttpDeps, order: Order, query: PaymentQuery): Promise<PaymentPart | undefined> {
  if (order.status !== 'pending_payment') return undefined;
  const packet = await redPacketOfOrder(deps.db, order.id);
  const redPacket = packet && { state: packet.state, reason: packet.reason, claimed: packet.claimedBy !== null };
  const trouble =
    query.via !== undefined && query.trouble !== undefined ? { provider: query.via, code: query.trouble } : undefined;
  // One way is under way: another payment now would be one too many.
  if (redPacket?.state === 'waiting')
    return { offers: [], coinPart: undefined, chosen: 'redpacket', qr: undefined, redPacket, trouble };
  if (!isPayable(order, deps.clock.now()) || order.paymentSeenAt !== null) return undefined;
  const [offers, coinPart] = await Promise.all([
    offersFor(deps.operations, order, query.surface),
    coinPartOf(deps.operations, order, query.surface),
  ]);
  // Whoever's code was rejected reads why, wherever they came from.
  const wanted = query.via ?? (redPacket?.state === 'rejected' ? 'redpacket' : undefined);
  const chosen = offers.some(({ provider }) => provider === wanted) ? wanted : undefined;
  const qrText = chosen === undefined ? undefined : await qrOf(deps, order, chosen);
  const qr = qrText && (await drawQr(qrText, { type: 'svg', margin: 2, errorCorrectionLevel: 'M' }));
  return { offers, coinPart, chosen, qr, redPacket, trouble };
}

async function qrOf(deps: HttpDeps, order: Order, provider: ProviderName): Promise<string | undefined> {
  const attempts = await attemptsOf(deps.db, order.id);
  const now = deps.clock.now();
  const shown = attempts.findLast(
    (attempt) =>
      attempt.provider === provider &&
      attempt.status === 'open' &&
      attempt.qrCode !== null &&
      (attempt.shownUntil === null || attempt.shownUntil > now),
  );
  return shown?.qrCode ?? undefined;
}
