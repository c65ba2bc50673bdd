import { randomUUID } from 'node:crypto';
import type { Desk, Notice, Payment, TillEvent } from '../contract.ts';
import type { WechatKeys } from './keys.ts';
import { chinaTime, REFUND_STATES, showRefund, showTransaction } from './show.ts';
import { type Signer, sealed, signedHeaders } from './sign.ts';

/** Payments that came in and refunds that ended are told; declined tries and closing are not. */
export function noticesOf({ keys, webhookUrl }: Desk<WechatKeys>, event: TillEvent): Notice[] {
  const { payment } = event;
  if (event.kind === 'paid') {
    const plain = showTransaction(keys, payment, event.charge, 'SUCCESS');
    return [paymentNotice(keys, payment, plain)];
  }
  if (event.kind === 'refund' && event.refund.status !== 'pending') {
    const { refund } = event;
    const {
      status: _,
      channel: __,
      funds_account: ___,
      create_time: ____,
      amount,
      ...rest
    } = showRefund(payment, refund);
    const { total, refund: part, payer_total, payer_refund } = amount;
    const plain = {
      mchid: keys.mchId,
      ...rest,
      refund_status: REFUND_STATES[refund.status],
      amount: { total, refund: part, payer_total, payer_refund },
    };
    // A refund of the console knows no address but the one that is set there.
    const url = refund.madeIn === 'console' ? webhookUrl() || refund.notifyUrl : refund.notifyUrl;
    return [refundNotice(keys, payment, plain, url)];
  }
  return [];
}

/** A signed notice with these fields instead of the payment's own: of a refund where they name a `refund_status`. */
export function ownNotice(keys: WechatKeys, payment: Payment, fields: Readonly<Record<string, unknown>>): Notice {
  if ('refund_status' in fields) {
    const plain = { mchid: keys.mchId, out_trade_no: payment.orderId, ...fields };
    return refundNotice(keys, payment, plain, payment.notifyUrl);
  }
  return paymentNotice(keys, payment, {
    ...showTransaction(keys, payment, payment.charges[0], 'SUCCESS'),
    ...fields,
  });
}

type Plain = Readonly<Record<string, unknown>>;

function paymentNotice(keys: WechatKeys, payment: Payment, plain: Plain): Notice {
  const says = { type: 'TRANSACTION.SUCCESS', about: 'transaction', summary: '支付成功', state: plain['trade_state'] };
  return notice(keys, keys.byPublicKey, payment, payment.notifyUrl, says, plain);
}

/** By the platform certificate: while a merchant changes over to the public key, notices of both kinds arrive. */
function refundNotice(keys: WechatKeys, payment: Payment, plain: Plain, url: string): Notice {
  const state = plain['refund_status'];
  const says = {
    type: `REFUND.${String(state)}`,
    about: 'refund',
    summary: '退款通知',
    state: `REFUND.${String(state)}`,
  };
  return notice(keys, keys.byCertificate, payment, url, says, plain);
}

interface Says {
  readonly type: string;
  readonly about: string;
  readonly summary: string;
  readonly state: unknown;
}

/** Sealed once, so that each try has the same body; signed anew, since the time is signed along. */
function notice(keys: WechatKeys, signer: Signer, payment: Payment, url: string, says: Says, plain: Plain): Notice {
  const body = JSON.stringify({
    id: randomUUID(),
    create_time: chinaTime(Date.now()),
    resource_type: 'encrypt-resource',
    event_type: says.type,
    summary: says.summary,
    resource: { original_type: says.about, ...sealed(keys.apiV3Key, JSON.stringify(plain), says.about) },
  });
  return {
    url,
    orderId: payment.orderId,
    says: String(says.state),
    body: plain,
    sign: (at) => ({
      headers: {
        'content-type': 'application/json',
        'request-id': randomUUID(),
        'user-agent': 'Mozilla/4.0',
        ...signedHeaders(signer, body, at),
      },
      body,
    }),
  };
}
