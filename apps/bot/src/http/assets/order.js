// Keeps the order page true without a reload: asks for the state, and draws the page anew when it has changed.
// Loading the page's own address keeps all wording and all decisions on the server.

import { showCopy } from './copy.js';

const LONGEST_WAIT_SECONDS = 60;
const REQUEST_TIMEOUT_MS = 10_000;

const news = document.querySelector('#news');
const offline = document.querySelector('#offline');
let failures = 0;
let timer;

function orderElement() {
  return document.querySelector('#order');
}

async function get(address) {
  const reply = await fetch(address, { cache: 'no-store', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (!reply.ok) throw new Error(`answered ${reply.status}`);
  return reply;
}

/** The same as `fingerprint` in pages/order-state.ts. */
function fingerprint(status) {
  return [status.status, status.payment_status, status.refund_status, status.delivery ?? 'none'].join('.');
}

async function drawAnew(shown) {
  const reply = await get(location.href);
  const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
  const fresh = page.querySelector('#order');
  if (!fresh) throw new Error('no order in the answer');
  const hadFocus = shown.contains(document.activeElement);
  const typed = [...shown.querySelectorAll('input[id], textarea[id]')].map(({ id, value }) => [id, value]);
  shown.replaceWith(document.adoptNode(fresh));
  for (const [id, value] of typed) {
    const field = fresh.querySelector(`#${id}`);
    if (field) field.value = value;
  }
  showPrint();
  document.title = page.title;
  news.textContent = fresh.dataset.headline;
  // Whoever was in the part that is gone goes on reading at its new headline.
  if (hadFocus) document.querySelector('#headline')?.focus();
}

async function look() {
  clearTimeout(timer);
  const shown = orderElement();
  if (!shown?.dataset.poll || document.hidden) return;
  try {
    const reply = await get(`/api/order-status/${shown.dataset.orderNo}`);
    const { data } = await reply.json();
    if (fingerprint(data) !== shown.dataset.state) await drawAnew(shown);
    failures = 0;
  } catch {
    failures += 1;
  }
  // One lost answer is nothing to tell anybody.
  offline.hidden = failures < 2 && navigator.onLine;
  lookLater();
}

function lookLater() {
  clearTimeout(timer);
  const seconds = Number(orderElement()?.dataset.poll);
  if (!seconds) return;
  timer = setTimeout(look, Math.min(LONGEST_WAIT_SECONDS, seconds * 2 ** Math.min(failures, 5)) * 1000);
}

function showPrint() {
  for (const button of document.querySelectorAll('[data-print]')) button.hidden = false;
  showCopy();
}

document.addEventListener('click', (event) => {
  if (!event.target.closest('[data-print]')) return;
  for (const folded of document.querySelectorAll('#order details')) folded.open = true;
  print();
});
showPrint();
document.addEventListener('visibilitychange', look);
addEventListener('online', look);
addEventListener('offline', look);
addEventListener('pageshow', (event) => {
  if (event.persisted) look();
});
lookLater();
