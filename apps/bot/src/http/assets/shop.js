// The order form of a product: total as it is chosen, the chart, and what is wrong before it is sent. Without it the server does the same.

import { followBirth } from './birth.js';
import { say } from './fields.js';

const form = document.querySelector('[data-order-form]');

/** As the server rounds it: whole cents, up. */
function usdtCents(minor, rateMicros) {
  const scaled = BigInt(minor) * 1_000_000n;
  return (scaled + rateMicros - 1n) / rateMicros;
}

function showTotal() {
  const { unitMinor, currency, rateMicros } = form.dataset;
  const chosen = Number(form.elements.quantity?.value || 1);
  const minor = Number(unitMinor) * chosen;
  if (minor === 0) return;
  const money = new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency });
  form.querySelector('[data-total]').textContent = money.format(minor / 100);
  const usdt = form.querySelector('[data-total-usdt]');
  if (usdt && rateMicros)
    usdt.textContent = `≈ ${(Number(usdtCents(minor, BigInt(rateMicros))) / 100).toFixed(2)} USDT`;
  form.querySelector('[data-times]').textContent = chosen > 1 ? ` × ${chosen}` : '';
  limitWays(minor);
}

/** A way to pay that cannot take this total is left out. */
function limitWays(minor) {
  for (const way of form.querySelectorAll('[name="pay"][data-min]')) {
    const { min, max } = way.dataset;
    way.disabled = minor < Number(min) || (max !== '' && minor > Number(max));
    if (way.disabled) way.checked = false;
  }
}

function checkEmail() {
  const { email } = form.elements;
  say(form, 'email', email.value !== '' && email.validity.typeMismatch ? form.dataset.emailWrong : '');
}

if (form) {
  form.addEventListener('change', showTotal);
  form.elements.email?.addEventListener('change', checkEmail);
  form.elements.email?.addEventListener('input', () => say(form, 'email', ''));
  form.addEventListener('submit', () => {
    // A second press while the first is under way would only be answered with the same order.
    for (const button of form.querySelectorAll('button')) setTimeout(() => (button.disabled = true));
  });
  // Whoever comes back finds the button as it was.
  addEventListener('pageshow', () => {
    for (const button of form.querySelectorAll('button')) button.disabled = false;
  });
  followBirth(form);
  showTotal();
  document.querySelector('#wrong')?.focus();
}
