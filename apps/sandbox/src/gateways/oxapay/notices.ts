import { createHmac } from 'node:crypto';
import type { Charge, Notice, Payment, Till, TillEvent } from '../contract.ts';
import { addressOf, coinOf, hashOf, inCoin } from './coins.ts';
import { isConfirmed, isLate, numberOf, secondsOf, statusOf } from './invoice.ts';
import type { OxaPayKeys } from './keys.ts';

/**
 * Told are `Paying` and `Paid`, as documented, and that the merchant accepted by hand. An invoice that ends, with part of its money or with
 * money that came late, is told to nobody: whoever wants to know asks.
 */
export function noticesOf(till: Till, keys: OxaPayKeys, event: TillEvent): Notice[] {
  const { payment } = event;
  if (event.kind === 'processing') return [tell(keys, payment, 'Paying')];
  if (event.kind !== 'paid' || (isLate(payment) && !payment.details.accepted)) return [];
  const status = statusOf(till, payment);
  if (status === 'manual_accept') return [tell(keys, payment, 'Manual_accept')];
  if (status !== 'paid') return [];
  // Who pays all at once is seen in the chain first, too.
  const isFirst = !payment.details.seen && payment.charges.length === 1;
  return [...(isFirst ? [tell(keys, payment, 'Paying')] : []), tell(keys, payment, 'Paid')];
}

/** A signed notice with these fields. */
export function ownNotice(keys: OxaPayKeys, payment: Payment, fields: Readonly<Record<string, unknown>>): Notice {
  const body = { ...about(payment, 'Paid'), ...fields };
  const bytes = JSON.stringify(body);
  const hmac = createHmac('sha512', keys.merchantKey).update(bytes).digest('hex');
  return {
    url: payment.notifyUrl,
    orderId: payment.orderId,
    says: String(body.status),
    body,
    sign: () => ({ headers: { 'content-type': 'application/json', HMAC: hmac }, body: bytes }),
  };
}

function tell(keys: OxaPayKeys, payment: Payment, status: string): Notice {
  if (status === 'Paying') payment.details.seen = 'yes';
  return ownNotice(keys, payment, { status });
}

function about(payment: Payment, status: string) {
  const { details, amount } = payment;
  const sent = { ...amount, minor: payment.charges.reduce((sum, charge) => sum + charge.amount.minor, 0) };
  return {
    track_id: payment.paymentId,
    status,
    type: 'invoice',
    module_name: '',
    amount: numberOf(amount),
    value: numberOf(sent),
    sent_value: numberOf(sent),
    currency: amount.currency,
    order_id: payment.orderId,
    email: '',
    note: '',
    fee_paid_by_payer: Number(details.feePaidByPayer ?? 0),
    under_paid_coverage: Number(details.coverage ?? 0),
    description: payment.subject,
    date: secondsOf(Date.parse(payment.createdAt)),
    txs: payment.charges.map((charge) => transaction(payment, charge)),
  };
}

function transaction(payment: Payment, charge: Charge) {
  const coin = coinOf(payment);
  const confirmed = isConfirmed(payment);
  const amount = Number(inCoin(charge.amount, coin));
  return {
    status: confirmed ? 'confirmed' : 'confirming',
    tx_hash: hashOf(charge.paymentId),
    sent_amount: amount,
    received_amount: amount,
    value: numberOf(charge.amount),
    sent_value: numberOf(charge.amount),
    currency: coin.symbol,
    network: coin.network,
    sender_address: '',
    address: addressOf(payment, coin),
    rate: Number(coin.price) / 1_000_000,
    confirmations: confirmed ? coin.confirmations : 0,
    auto_convert_amount: 0,
    auto_convert_currency: '',
    date: secondsOf(Date.parse(charge.at)),
  };
}
