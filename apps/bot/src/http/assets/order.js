// Keeps the order page true without a reload: hears of every change, and draws the page anew.
// Loading the page's own address keeps all wording and all decisions on the server.

import { showCopy } from './copy.js';
import { fingerprint, follow } from './live.js';

/** Late money revives an order, and an operator's answer may come in hours: worth a look, not a hurry. */
const SELDOM_MS = 30_000;
const AGAIN_MS = 3000;
const REQUEST_TIMEOUT_MS = 10_000;

const news = document.querySelector('#news');
const offline = document.querySelector('#offline');
let stop = () => {};

const order = () => document.querySelector('#order');

async function loadOrder() {
  const reply = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (!reply.ok) throw new Error(`answered ${reply.status}`);
  const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
  const fresh = page.querySelector('#order');
  if (!fresh) throw new Error('no order in the answer');
  return { fresh, title: page.title };
}

async function drawAnew() {
  const { fresh, title } = await loadOrder();
  const shown = order();
  const focused = shown.contains(document.activeElement) ? document.activeElement.id : undefined;
  const typed = [...shown.querySelectorAll('input[id], textarea[id]')].map(({ id, value }) => [id, value]);
  shown.replaceWith(document.adoptNode(fresh));
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
  showPrint();
  document.title = title;
  news.textContent = fresh.dataset.headline;
  if (focused !== undefined) focusAgain(focused);
}

/** Whoever was in a field goes on there; in a part that is gone, they go on reading at its new headline. */
function focusAgain(id) {
  const same = id === '' ? null : document.getElementById(id);
  (same ?? document.querySelector('#headline'))?.focus();
}

function watch() {
  stop();
  const { orderNo, poll } = order()?.dataset ?? {};
  if (!poll) return;
  stop = follow(orderNo, {
    told: (status) => {
      if (fingerprint(status) !== order().dataset.state) change();
    },
    offline: (is) => {
      offline.hidden = !is;
    },
    seldomMs: SELDOM_MS,
  });
}

async function change() {
  stop();
  try {
    await drawAnew();
    offline.hidden = true;
    watch();
  } catch {
    offline.hidden = false;
    setTimeout(watch, AGAIN_MS);
  }
}

function showPrint() {
  for (const button of document.querySelectorAll('[data-print]')) button.hidden = false;
  showCopy();
}

document.addEventListener('click', (event) => {
  const what = event.target.closest('[data-print]')?.dataset.print;
  if (what === undefined) return;
  for (const folded of document.querySelectorAll('#order details')) folded.open = true;
  document.documentElement.classList.toggle('prints-receipt', what === 'receipt');
  print();
});
addEventListener('afterprint', () => document.documentElement.classList.remove('prints-receipt'));
showPrint();
addEventListener('pageshow', (event) => {
  if (event.persisted) watch();
});
watch();
