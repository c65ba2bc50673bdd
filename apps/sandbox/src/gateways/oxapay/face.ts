import { escapeHtml } from '../../html.ts';
import type { PageFace, Payment } from '../contract.ts';
import { addressOf, coinOf, coins, hashOf, inCoin } from './coins.ts';
import { isConfirmed } from './invoice.ts';

/** Choose a coin, get an address, watch the confirmations. */
export const face: PageFace = {
  brand: 'OxaPay',
  letter: 'Ox',
  facts: (payment) => payment.charges.map((charge) => ['交易 Transaction', hashOf(charge.paymentId)] as const),
  inset: (payment) => {
    if (payment.status === 'pending') return chooser(payment) + (payment.details.coin ? address(payment) : '');
    return payment.status === 'closed' && payment.charges.length === 0 ? '' : confirmations(payment);
  },
};

function chooser(payment: Payment): string {
  const buttons = coins.map(({ symbol, network }) => {
    const chosen = payment.details.coin === symbol;
    const name = `choose-${symbol.toLowerCase()}`;
    return `<form method="post" action="${encodeURIComponent(payment.paymentId)}/${name}">
      <button class="oxapay-coin" data-testid="${name}" aria-pressed="${chosen}"><b>${symbol}</b> <small>${network}</small></button>
    </form>`;
  });
  return `<section class="oxapay-coins" aria-label="选择币种 Choose a coin">${buttons.join('')}</section>`;
}

function address(payment: Payment): string {
  const coin = coinOf(payment);
  return `<section class="oxapay-address" data-testid="coin-address">
    <p>请转 <b>${inCoin(payment.amount, coin)} ${coin.symbol}</b>（${coin.network} 网络）到 <small>Send exactly this to</small></p>
    <p><code>${escapeHtml(addressOf(payment, coin))}</code></p>
  </section>`;
}

function confirmations(payment: Payment): string {
  const { confirmations: wanted, symbol } = coinOf(payment);
  const seen = isConfirmed(payment) ? wanted : 0;
  const sums = payment.charges.map(({ amount }) => `${inCoin(amount, coinOf(payment))} ${symbol}`).join(' + ');
  return `<section class="oxapay-address" data-testid="confirmations">
    <p>${sums || symbol} <small>received</small></p>
    <p>确认 <progress max="${wanted}" value="${seen}"></progress> ${seen}/${wanted} <small>confirmations</small></p>
  </section>`;
}
