import type { ExtraAction, Payment, Till } from '../contract.ts';
import { coins } from './coins.ts';
import { isLate } from './invoice.ts';

/** What coins do and bank money does not: they are seen before they count, come in parts, and come too late. */
export function oxapayActions(till: Till): ExtraAction[] {
  return [
    ...coins.map((coin) => ({
      name: `choose-${coin.symbol.toLowerCase()}`,
      label: { zh: coin.symbol, en: coin.network, note: '' },
      inInset: true,
      fits: ({ status }: Payment) => status === 'pending',
      run: async (payment: Payment) => {
        payment.details.coin = coin.symbol;
        till.ledger.changed();
      },
    })),
    {
      name: 'send',
      label: {
        zh: '已转账，等待确认',
        en: 'Sent, not yet confirmed',
        note: '链上已见，尚未确认 · seen on chain, not final',
      },
      fits: ({ status }) => status === 'pending',
      run: (payment) => till.see(payment, payment.amount),
    },
    {
      name: 'send-part',
      label: { zh: '只转一半', en: 'Send half', note: '余款可以补；不补则到期成为 underpaid · the rest may follow' },
      fits: ({ status }) => status === 'pending',
      run: (payment) =>
        till.see(payment, { ...payment.amount, minor: Math.max(1, Math.floor(payment.amount.minor / 2)) }),
    },
    {
      name: 'run-out',
      label: { zh: '时间到', en: 'Let its time run out', note: '账单到期 · the invoice ends now' },
      fits: ({ status }) => status === 'pending' || status === 'processing',
      run: (payment) => {
        payment.details.ended = new Date().toISOString();
        return till.end(payment);
      },
    },
    {
      name: 'accept',
      label: { zh: '商户手动接受', en: 'The merchant accepts it', note: 'manual_accept' },
      fits: (payment) =>
        payment.charges.length > 0 && !payment.details.accepted && (payment.status === 'closed' || isLate(payment)),
      run: async (payment) => {
        const charge = payment.charges.at(-1);
        payment.details.accepted = 'yes';
        payment.status = 'paid';
        till.ledger.changed();
        if (charge) await till.tell({ kind: 'paid', payment, charge });
      },
    },
  ];
}
