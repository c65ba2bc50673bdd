import type { Money } from '@mingdan/kernel';
import type { NoticeToSign, RawNotice } from '../../contract.ts';
import type { OxapayWebhook } from './settings.ts';
import { jsonNumber, noticeStatus, SIGNATURE_HEADER, signature } from './wire.ts';

/** A webhook of an invoice as OxaPay's v1 sends it. Each merchant has a key of its own, so one for another merchant is signed with another. */
export function signNotice(settings: OxapayWebhook, notice: NoticeToSign): RawNotice {
  const came = ['paid', 'processing', 'refunded'].includes(notice.kind);
  const rest = {
    track_id: notice.providerPaymentId ?? undefined,
    status: noticeStatus[notice.kind],
    type: 'invoice',
    module_name: '',
    currency: notice.amount?.currency,
    order_id: notice.gatewayOrderId,
    email: '',
    note: '',
    fee_paid_by_payer: 0,
    under_paid_coverage: 0,
    description: '',
    date: Math.floor(notice.at.getTime() / 1000),
    txs: [],
  };
  const amount =
    notice.amount === null ? {} : { amount: notice.amount, ...(came ? { sent_value: notice.amount } : {}) };
  const secretKey = notice.merchant === 'ours' ? settings.secretKey : `${settings.secretKey}-of-somebody-else`;
  return signBody({ secretKey }, withMoney(amount, rest));
}

/** Money as JSON numbers, written from their decimal text, before the other fields. */
function withMoney(money: Readonly<Record<string, Money>>, rest: Readonly<Record<string, unknown>>): string {
  const numbers = Object.entries(money).map(([name, value]) => `"${name}":${jsonNumber(value)}`);
  return `{${[...numbers, JSON.stringify(rest).slice(1, -1)].filter((part) => part !== '').join(',')}}`;
}

/** Any bytes with a right signature: for bodies that OxaPay would never send. */
export function signBody(settings: OxapayWebhook, body: string | Buffer): RawNotice {
  const bytes = Buffer.from(body);
  return {
    headers: {
      'content-type': 'application/json',
      [SIGNATURE_HEADER.toLowerCase()]: signature(settings.secretKey, bytes).toString('hex'),
    },
    body: bytes,
  };
}
