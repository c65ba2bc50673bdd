import { pause } from '@mingdan/kernel';
import express, { type Response, type Router } from 'express';
import { escapeHtml } from '../../html.ts';
import { page } from '../../page.ts';
import type { OpenGateway } from '../open.ts';
import { type OfferedAction, offeredActions } from './actions.ts';
import { readableAmount } from './amount.ts';
import { type Payment, Refused } from './ledger.ts';

const STATES: Record<Payment['status'] | 'refunded', { zh: string; en: string; icon: string }> = {
  pending: { zh: '等待支付', en: 'Waiting for payment', icon: '…' },
  processing: { zh: '已收到，等待确认', en: 'Seen, not yet confirmed', icon: '…' },
  paid: { zh: '支付成功', en: 'Paid', icon: '✓' },
  failed: { zh: '支付失败，可重新支付', en: 'Declined. You may try again', icon: '!' },
  closed: { zh: '订单已关闭', en: 'This payment is closed', icon: '×' },
  refunded: { zh: '已全额退款', en: 'Given back in full', icon: '↩' },
};

const SHOP_PATIENCE_MS = 1_500;
const TRICKS = '试试别的情况 Or try what goes wrong';

/** The page that a buyer sees. Works without scripts: each button is a form. */
export function checkout(open: OpenGateway): Router {
  const { till } = open;
  const router = express.Router();
  router.get('/:paymentId', (req, res) => {
    const payment = till.ledger.payments.get(req.params.paymentId);
    if (payment) till.ledger.open(payment);
    show(res, open, payment);
  });
  router.post('/:paymentId/:action', async (req, res) => {
    const payment = till.ledger.payments.get(req.params.paymentId);
    if (!payment) return show(res, open, undefined);
    const done = till.act(payment.paymentId, req.params.action).catch((error) => {
      // Two tabs of one page: the second sees how things stand.
      if (!(error instanceof Refused)) throw error;
    });
    // A shop that is slow to take the notice does not keep its buyer waiting.
    const enough = new AbortController();
    await Promise.race([done, pause(SHOP_PATIENCE_MS, enough.signal)]);
    enough.abort();
    res.redirect(303, `../${encodeURIComponent(payment.paymentId)}`);
  });
  return router;
}

function show(res: Response, open: OpenGateway, payment: Payment | undefined): void {
  const { name, page: face } = open.gateway;
  const content = payment
    ? body(open, payment)
    : '<main class="till"><h1>找不到这笔付款</h1><p>There is no such payment.</p></main>';
  const styles = ['/assets/checkout.css', `/assets/gateways/${name}/theme.css`];
  res
    .status(payment ? 200 : 404)
    .type('html')
    .send(page({ title: `${face.brand} (sandbox)`, styles, content }));
}

function body(open: OpenGateway, payment: Payment): string {
  const { gateway, till, stand } = open;
  const { page: face, name } = gateway;
  const received = till.ledger.receivedMinor(payment);
  const isGivenBack = received > 0 && till.ledger.refundedMinor(payment) >= received;
  const state = STATES[isGivenBack ? 'refunded' : payment.status];
  return `<main class="till till-${name}">
    <header class="till-brand"><span class="till-logo" aria-hidden="true">${escapeHtml(face.letter)}</span> ${escapeHtml(face.brand)} <small>sandbox</small></header>
    <section class="till-sum" aria-label="付款金额 Amount">
      <p class="till-subject" data-testid="subject">${escapeHtml(payment.subject)}</p>
      <p class="till-amount" data-testid="amount"><small>${payment.amount.currency}</small> ${readableAmount(payment.amount)}</p>
    </section>
    <p class="till-state till-state-${payment.status}" role="status" data-testid="status" data-status="${payment.status}">
      <span aria-hidden="true">${state.icon}</span> ${state.zh} <small>${state.en}</small>
    </p>
    ${payment.payLate ? '<p class="till-note" data-testid="pay-late-waiting">已约定逾期支付：订单关闭或过期后到账。<br>The money will arrive once the order has closed.</p>' : ''}
    ${face.inset?.(payment) ?? ''}
    ${buttons(payment, offeredActions(payment, gateway.actions, stand.actions))}
    <dl class="till-facts">${facts(open, payment)}</dl>
    <footer class="till-foot">${back(payment)}<p>这是沙盒，不会真正扣款。<br>This is a sandbox: no money moves.</p></footer>
  </main>`;
}

function buttons(payment: Payment, actions: readonly OfferedAction[]): string {
  const main = actions.find(({ name }) => name === 'pay');
  const others = actions.filter((action) => action !== main);
  const sum = `${payment.amount.currency} ${readableAmount(payment.amount)}`;
  const tricks = others.map((action) => form(payment, action, 'till-trick', action.label.zh)).join('\n');
  return `${main ? form(payment, main, 'till-pay', `${main.label.zh} ${sum}`) : ''}
    ${tricks && `<fieldset class="till-tricks"><legend>${TRICKS}</legend>${tricks}</fieldset>`}`;
}

function form(payment: Payment, { name, label }: OfferedAction, style: string, text: string): string {
  const note = label.note ? `<small>${escapeHtml(label.note)}</small>` : '';
  return `<form method="post" action="${encodeURIComponent(payment.paymentId)}/${name}">
    <button class="${style}" data-testid="${name}"><span>${escapeHtml(text)} <small>${escapeHtml(label.en)}</small></span>${note}</button>
  </form>`;
}

function facts({ gateway, till }: OpenGateway, payment: Payment): string {
  const charged = payment.charges.map(
    ({ paymentId, amount }) => `${paymentId} ${readableAmount(amount)} ${amount.currency}`,
  );
  const refunded = till.ledger
    .refundsOf(payment)
    .map(({ amount, status }) => `${readableAmount(amount)} ${amount.currency} ${status}`);
  const rows: (readonly [string, string, string?])[] = [
    ['订单号 Order', payment.orderId, 'order-id'],
    ['付款号 Payment', charged.length > 0 ? charged.join(', ') : payment.paymentId],
    ...(refunded.length > 0 ? [['退款 Refunds', refunded.join(', ')] as const] : []),
    ...(gateway.page.facts?.(payment) ?? []),
    ['有效期至 Valid until', `${new Date(payment.expiresAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`],
  ];
  return rows
    .map(([label, value, id]) => {
      const mark = id ? ` data-testid="${id}"` : '';
      return `<dt>${escapeHtml(label)}</dt><dd${mark}>${escapeHtml(value)}</dd>`;
    })
    .join('');
}

function back({ returnUrl }: Payment): string {
  if (!/^(https?|tg):\/\//.test(returnUrl)) return '';
  return `<a class="till-back" data-testid="return" href="${escapeHtml(returnUrl)}">返回商家 Return to the shop</a>`;
}
