import { formatAmount, pause } from '@mingdan/kernel';
import express, { type Response, type Router } from 'express';
import { escapeHtml } from '../../html.ts';
import { act, type BuyerAction, buyerActions, type Till } from './buyer.ts';
import { type Payment, Refused } from './ledger.ts';

const LABELS: Record<BuyerAction, { zh: string; en: string; note: string }> = {
  pay: { zh: '立即支付', en: 'Pay', note: '' },
  fail: { zh: '支付失败', en: 'Fail', note: '银行拒绝这笔付款 · the bank declines' },
  'pay-twice': { zh: '重复支付', en: 'Pay twice', note: '同一订单付两次款 · two payments for one order' },
  'pay-late': {
    zh: '逾期支付',
    en: 'Pay late',
    note: '等订单关闭或过期后才到账 · the money comes after the order has closed',
  },
  'pay-wrong-amount': { zh: '金额不符', en: 'Pay wrong amount', note: '只付一半 · only half of the amount' },
};

const STATES: Record<Payment['status'], { zh: string; en: string; icon: string }> = {
  pending: { zh: '等待支付', en: 'Waiting for payment', icon: '…' },
  paid: { zh: '支付成功', en: 'Paid', icon: '✓' },
  failed: { zh: '支付失败，可重新支付', en: 'Declined. You may try again', icon: '!' },
  closed: { zh: '订单已关闭', en: 'This payment is closed', icon: '×' },
};

const SHOP_PATIENCE_MS = 1_500;

/** The page that a buyer sees. Works without scripts: each button is a form. */
export function checkout(till: Till): Router {
  const router = express.Router();
  router.get('/:paymentId', (req, res) => {
    till.ledger.expire(Date.now());
    show(res, till.ledger.byPaymentId(req.params.paymentId));
  });
  router.post('/:paymentId/:action', async (req, res) => {
    const payment = till.ledger.byPaymentId(req.params.paymentId);
    const action = buyerActions.find((known) => known === req.params.action);
    if (!payment || !action) return show(res, undefined);
    const done = act(till, payment.orderId, action).catch((error) => {
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

function show(res: Response, payment: Payment | undefined): void {
  res
    .status(payment ? 200 : 404)
    .type('html')
    .send(page(payment ? body(payment) : missing()));
}

function missing(): string {
  return '<main class="till"><h1>找不到这笔付款</h1><p>There is no such payment.</p></main>';
}

function body(payment: Payment): string {
  const state = STATES[payment.status];
  const open = payment.status === 'pending' || payment.status === 'failed';
  return `<main class="till">
    <header class="till-brand"><span class="till-logo" aria-hidden="true">P</span> PingPong Checkout <small>sandbox</small></header>
    <section class="till-sum" aria-label="付款金额 Amount">
      <p class="till-subject" data-testid="subject">${escapeHtml(payment.subject)}</p>
      <p class="till-amount" data-testid="amount"><small>${payment.amount.currency}</small> ${formatAmount(payment.amount)}</p>
    </section>
    <p class="till-state till-state-${payment.status}" role="status" data-testid="status" data-status="${payment.status}">
      <span aria-hidden="true">${state.icon}</span> ${state.zh} <small>${state.en}</small>
    </p>
    ${payment.payLate ? '<p class="till-note" data-testid="pay-late-waiting">已约定逾期支付：订单关闭或过期后到账。<br>The money will arrive once the order has closed.</p>' : ''}
    ${open ? buttons(payment) : again(payment)}
    <dl class="till-facts">
      <dt>订单号 Order</dt><dd data-testid="order-id">${escapeHtml(payment.orderId)}</dd>
      <dt>付款号 Payment</dt><dd>${escapeHtml(payment.charges.map((charge) => charge.paymentId).join(', ') || payment.paymentId)}</dd>
      <dt>有效期至 Valid until</dt><dd>${new Date(payment.expiresAt).toISOString().slice(0, 16).replace('T', ' ')} UTC</dd>
    </dl>
    <footer class="till-foot">${back(payment)}<p>这是沙盒，不会真正扣款。 This is a sandbox: no money moves.</p></footer>
  </main>`;
}

function buttons(payment: Payment): string {
  const [first, ...others] = buyerActions;
  return `${form(payment, first, 'till-pay', `${LABELS[first].zh} ${payment.amount.currency} ${formatAmount(payment.amount)}`)}
    <fieldset class="till-tricks"><legend>试试别的情况 Or try what goes wrong</legend>
      ${others.map((action) => form(payment, action, 'till-trick', LABELS[action].zh)).join('\n')}
    </fieldset>`;
}

/** Paid once, one may still pay a second time, as buyers do. */
function again(payment: Payment): string {
  if (payment.status === 'paid') {
    return `<fieldset class="till-tricks"><legend>试试别的情况 Or try what goes wrong</legend>${form(payment, 'pay-twice', 'till-trick', '再付一次')}</fieldset>`;
  }
  return `<fieldset class="till-tricks"><legend>试试别的情况 Or try what goes wrong</legend>${form(payment, 'pay-late', 'till-trick', LABELS['pay-late'].zh)}</fieldset>`;
}

function form(payment: Payment, action: BuyerAction, style: string, label: string): string {
  const { en, note } = LABELS[action];
  return `<form method="post" action="${encodeURIComponent(payment.paymentId)}/${action}">
    <button class="${style}" data-testid="${action}"><span>${escapeHtml(label)} <small>${en}</small></span>${note ? `<small>${note}</small>` : ''}</button>
  </form>`;
}

function back(payment: Payment): string {
  const { returnUrl } = payment;
  if (!/^(https?|tg):\/\//.test(returnUrl)) return '';
  return `<a class="till-back" data-testid="return" href="${escapeHtml(returnUrl)}">返回商家 Return to the shop</a>`;
}

function page(content: string): string {
  return `<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>PingPong Checkout (sandbox)</title>
<link rel="stylesheet" href="/assets/font/400.css"><link rel="stylesheet" href="/assets/font/700.css"><link rel="stylesheet" href="/assets/checkout.css"></head>
<body>${content}</body></html>`;
}
