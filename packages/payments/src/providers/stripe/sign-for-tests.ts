import type { NoticeToSign, RawNotice } from '../../contract.ts';
import type { StripeWebhook } from './settings.ts';
import { ourMetadata, SIGNATURE_HEADER, signature } from './wire.ts';

const TYPES: Readonly<Record<NoticeToSign['kind'], string>> = {
  paid: 'checkout.session.completed',
  processing: 'checkout.session.completed',
  failed: 'checkout.session.async_payment_failed',
  expired: 'checkout.session.expired',
  pending: 'payment_intent.processing',
  refunded: 'refund.updated',
  refund_failed: 'refund.failed',
  disputed: 'charge.dispute.created',
  unheard_of: 'checkout.session.reviewed',
};

/** An event as Stripe sends it. */
export function signNotice(settings: StripeWebhook, notice: NoticeToSign): RawNotice {
  const type = TYPES[notice.kind];
  const created = Math.floor(notice.at.getTime() / 1000);
  const event = {
    id: `evt_${created}`,
    object: 'event',
    api_version: '2026-10-28.endive',
    created,
    livemode: settings.liveMode ?? false,
    type,
    // Stripe Connect: the event of an account that is not the endpoint's own
    ...(notice.merchant === 'ours' ? {} : { account: 'acct_somebodyelse' }),
    data: { object: type.startsWith('checkout.') ? session(notice) : beside(notice) },
  };
  return signBody(settings, JSON.stringify(event), notice.at);
}

function session(notice: NoticeToSign): Record<string, unknown> {
  return {
    id: notice.providerPaymentId,
    object: 'checkout.session',
    client_reference_id: ourMetadata(notice.gatewayOrderId).order_no,
    metadata: ourMetadata(notice.gatewayOrderId),
    mode: 'payment',
    status: notice.kind === 'expired' ? 'expired' : 'complete',
    payment_status: notice.kind === 'paid' ? 'paid' : 'unpaid',
    ...money('amount_total', notice),
  };
}

const OBJECTS: Readonly<Partial<Record<NoticeToSign['kind'], { object: string; status: string }>>> = {
  refunded: { object: 'refund', status: 'succeeded' },
  refund_failed: { object: 'refund', status: 'failed' },
  disputed: { object: 'dispute', status: 'needs_response' },
};

/** Refunds, disputes and payment intents: they know no session, only the metadata that they were given. */
function beside(notice: NoticeToSign): Record<string, unknown> {
  const { object, status } = OBJECTS[notice.kind] ?? { object: 'payment_intent', status: 'processing' };
  return {
    id: `${object}_${notice.refundId ?? notice.providerPaymentId ?? notice.gatewayOrderId}`,
    object,
    status,
    metadata: {
      ...ourMetadata(notice.gatewayOrderId),
      ...(notice.refundId === null ? {} : { refund_id: notice.refundId }),
    },
    ...money('amount', notice),
  };
}

function money(field: string, { amount }: NoticeToSign): Record<string, unknown> {
  return amount === null ? {} : { [field]: amount.minor, currency: amount.currency.toLowerCase() };
}

/** Any bytes with a right signature: for bodies that Stripe would never send. */
export function signBody(settings: Pick<StripeWebhook, 'webhookSecrets'>, body: string | Buffer, at: Date): RawNotice {
  const bytes = Buffer.from(body);
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const v1 = signature(settings.webhookSecrets[0] ?? '', timestamp, bytes).toString('hex');
  return {
    headers: {
      'content-type': 'application/json; charset=utf-8',
      [SIGNATURE_HEADER]: `t=${timestamp},v1=${v1}`,
    },
    body: bytes,
  };
}
