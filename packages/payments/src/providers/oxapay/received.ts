import type { Money } from '@mingdan/kernel';
import { moneyOf, type NamedMoney } from '../../wire-money.ts';
import type { Fields } from '../../wire-text.ts';
import { differs, either, type Meaning, meaningOf, receivedMoney, transactionsOf, word } from './wire.ts';

/** What has become of a payment, read from its status and its money together. Notices and answers say it in the same fields. */
export interface Payment {
  readonly meaning: Meaning;
  /** the gateway's own word, in lower case */
  readonly status: string;
  /** `processing`: money is seen but not final; `gone`: its time is over and nothing came */
  readonly state: 'open' | 'processing' | 'paid' | 'gone' | 'failed';
  /** what the invoice asks for */
  readonly asked: NamedMoney;
  /** what came in, where it is paid; null where that cannot be known */
  readonly received: Money | null;
  readonly lastAt: Date | null;
}

export function paymentIn(fields: Fields): Payment {
  const status = word(fields.status);
  const meaning = meaningOf(status);
  const asked = moneyOf(fields.amount, fields.currency);
  const came = transactionsOf(fields.txs, fields.currency);
  const named = positive(receivedMoney(fields.sent_value, fields.currency));
  const sum = positive(came.sum);
  const hasMoney = named !== null || came.any || word(fields.txID) !== '';
  const state = stateOf(meaning, hasMoney, came.settled || !came.any);
  return {
    meaning,
    status: status === '' ? 'none' : status,
    state,
    asked,
    received: state === 'paid' ? receivedBy(meaning, asked.amount, named, sum) : null,
    lastAt: came.lastAt,
  };
}

function stateOf(meaning: Meaning, hasMoney: boolean, settled: boolean): Payment['state'] {
  switch (meaning) {
    case 'paid':
    case 'accepted':
    case 'short':
    case 'refunding':
    case 'refunded':
      return 'paid';
    case 'seen':
      return 'processing';
    case 'ended':
    case 'failed':
      // OxaPay calls a payment expired even where the whole of it came, only late: it is money all the same.
      if (hasMoney) return settled ? 'paid' : 'processing';
      return meaning === 'failed' ? 'failed' : 'gone';
    default:
      return 'open';
  }
}

/**
 * @param named what the gateway says was sent, in the currency of the invoice
 * @param sum what the transactions come to, perhaps after the gateway's fee
 */
function receivedBy(meaning: Meaning, asked: Money | null, named: Money | null, sum: Money | null): Money | null {
  // The merchant has looked at it and let it pass as the whole.
  if (meaning === 'accepted') return asked;
  // Here the gateway itself says that it is not simply the whole, so only what it names counts.
  if (meaning === 'short' || meaning === 'ended' || meaning === 'failed') return named ?? sum;
  if (named) return asked && !differs(named, asked) ? asked : named;
  // It says that the whole came. A sum that is less is one without the fee; one that is more is too much.
  return sum && asked && sum.minor > asked.minor && differs(sum, asked) ? sum : asked;
}

function positive(money: Money | null): Money | null {
  return money && money.minor > 0 ? money : null;
}

/** `track_id`, or `trackId` of the legacy API: a number there, a text here. */
export function trackIdOf(fields: Fields): unknown {
  return either(fields, 'track_id', 'trackId');
}

export function orderIdOf(fields: Fields): unknown {
  return either(fields, 'order_id', 'orderId');
}
