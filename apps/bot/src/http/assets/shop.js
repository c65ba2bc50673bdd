// The order form of a product: total as it is chosen, the price with a coupon, the chart, and what is wrong before it is sent. Without it
// the server does the same.

import { followBirth } from './birth.js';
import { say } from './fields.js';

const form = document.querySelector('[data-order-form]');
const offline = document.querySelector('#offline');
const COUPON_WAIT_MS = 600;
const TIMEOUT_MS = 8000;
/** As the server asks for it: a name, and a host with a dot. */
const EMAIL = /^[^\s@]+@(?:[^\s@.]+\.)+[a-z]{2,}$/i;
let couponTimer;
let asked = 0;

/** As the server rounds it: whole cents, up. */
function usdtCents(minor, rateMicros) {
  const scaled = BigInt(minor) * 1_000_000n;
  return (scaled + rateMicros - 1n) / rateMicros;
}

function showTotal() {
  const { unitMinor } = form.dataset;
  const chosen = Number(form.elements.quantity?.value || 1);
  if (Number(unitMinor) === 0) return;
  form.querySelector('[data-times]').textContent = chosen > 1 ? ` × ${chosen}` : '';
  if (form.elements.coupon?.value.trim()) askLater(0);
  else draw(Number(unitMinor) * chosen, 0);
}

function draw(minor, discount) {
  const { currency, rateMicros } = form.dataset;
  const money = new Intl.NumberFormat(document.documentElement.lang, { style: 'currency', currency });
  form.querySelector('[data-total]').textContent = minor === 0 ? form.dataset.free : money.format(minor / 100);
  const off = form.querySelector('[data-discount]');
  off.hidden = discount === 0;
  off.querySelector('dd').textContent = `−${money.format(discount / 100)}`;
  const usdt = form.querySelector('[data-total-usdt]');
  if (usdt && rateMicros)
    usdt.textContent = minor === 0 ? '' : `≈ ${(Number(usdtCents(minor, BigInt(rateMicros))) / 100).toFixed(2)} USDT`;
  limitWays(minor);
}

/** A way to pay that cannot take this total is left out. Nothing to pay can be paid by any. */
function limitWays(minor) {
  for (const way of form.querySelectorAll('[name="pay"][data-min]')) {
    const { min, max } = way.dataset;
    way.disabled = minor > 0 && (minor < Number(min) || (max !== '' && minor > Number(max)));
    if (way.disabled) way.checked = false;
  }
}

function askLater(ms) {
  clearTimeout(couponTimer);
  couponTimer = setTimeout(askPrice, ms);
}

/** What it costs with the coupon, before anything is ordered; the order looks at it again. */
async function askPrice() {
  const { coupon, quantity, gift, email } = form.elements;
  const code = coupon.value.trim();
  asked += 1;
  const mine = asked;
  if (code === '') return showTotal();
  const wish = {
    product_slug: form.dataset.slug,
    quantity: Number(quantity?.value || 1),
    coupon: code,
    ...(gift === undefined ? {} : { gift: gift.value === '1' }),
    ...(email && EMAIL.test(email.value) ? { email: email.value } : {}),
  };
  try {
    const reply = await fetch(`/api/price?lang=${document.documentElement.lang}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(wish),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await reply.json();
    if (mine !== asked) return;
    if (answer.success) draw(Math.round(answer.data.amount * 100), Math.round(answer.data.discount * 100));
    else draw(Number(form.dataset.unitMinor) * wish.quantity, 0);
    const { couponWrong, couponOften } = form.dataset;
    say(form, 'coupon', answer.success ? '' : reply.status === 429 ? couponOften : couponWrong);
  } catch {
    // The order says it.
  }
}

function checkEmail() {
  const { email } = form.elements;
  say(form, 'email', email.value !== '' && !EMAIL.test(email.value.trim()) ? form.dataset.emailWrong : '');
}

if (form) {
  form.addEventListener('change', showTotal);
  // What was said of a field holds until it is changed.
  form.addEventListener('input', ({ target }) => say(form, target.name, ''));
  form.elements.coupon?.addEventListener('input', () => askLater(COUPON_WAIT_MS));
  form.elements.email?.addEventListener('change', checkEmail);
  form.addEventListener('submit', (event) => {
    if (offline) offline.hidden = navigator.onLine;
    if (!navigator.onLine) {
      // The browser would show a page of its own in place of what was typed.
      event.preventDefault();
      return;
    }
    // A second press while the first is under way would only be answered with the same order.
    for (const button of form.querySelectorAll('button')) setTimeout(() => (button.disabled = true));
  });
  addEventListener('online', () => {
    if (offline) offline.hidden = true;
  });
  // Whoever comes back finds the button as it was.
  addEventListener('pageshow', () => {
    for (const button of form.querySelectorAll('button')) button.disabled = false;
  });
  followBirth(form);
  showTotal();
  document.querySelector('#wrong')?.focus();
}
