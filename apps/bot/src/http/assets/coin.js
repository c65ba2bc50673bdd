// The coin centre without reloads: the server draws every state, this asks for it and puts it in place.

import { fingerprint, follow, whenBack } from './live.js';

const news = document.querySelector('#news');
const offline = document.querySelector('#offline');
const tired = document.querySelector('#tired');
/** Of a Mini App, whose frame may get no cookie. Kept nowhere but here. */
let token;
/** What Telegram signed; read at once, since the address changes with what is shown. */
const initData = new URLSearchParams(location.hash.slice(1)).get('tgWebAppData');
let stop = () => {};
let stopWaiting = () => {};

const live = () => document.querySelector('#live');
const headers = () => (token === undefined ? {} : { authorization: `Bearer ${token}` });

async function ask(address, options) {
  const reply = await fetch(address, {
    ...options,
    headers: headers(),
    cache: 'no-store',
    signal: AbortSignal.timeout(15_000),
  });
  const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
  return { reply, page, fresh: page.querySelector('#live') };
}

async function load(address, options = {}, { quiet = false, at = '' } = {}) {
  stopWaiting();
  let answer = await ask(address, options);
  // A session lasts an hour, what Telegram signed for a day: nobody has to do anything.
  if (answer.fresh?.querySelector('[data-sign-in]') && (await takeToken())) answer = await ask(address, options);
  const { reply, page, fresh } = answer;
  if (!fresh) throw new Error(`no account in the answer ${reply.status}`);
  const hadFocus = live().contains(document.activeElement);
  live().replaceWith(document.adoptNode(fresh));
  document.title = page.title;
  news.textContent = fresh.dataset.headline;
  offline.hidden = true;
  if (!quiet && reply.ok) history.replaceState(null, '', new URL(reply.url).pathname + new URL(reply.url).search);
  if (hadFocus || !quiet) focusOn(fresh, at);
  watch();
}

/** @param at a place that a link names, such as #history */
function focusOn(part, at) {
  ((at && part.querySelector(at)) || part.querySelector('#wrong') || part.querySelector('#headline'))?.focus();
}

function watch() {
  stop();
  tired.hidden = true;
  const { orderNo, poll } = live().dataset;
  if (!orderNo || !poll) return;
  stop = follow(orderNo, {
    told: (status) => {
      if (fingerprint(status) === live().dataset.state) return;
      stop();
      load(location.href, {}, { quiet: true }).catch(() => {
        offline.hidden = false;
        setTimeout(watch, 3000);
      });
    },
    offline: (is) => {
      offline.hidden = !is;
    },
    tired: () => {
      tired.hidden = false;
    },
  });
}

/** The server is out of reach: it is said, and what was wanted is done when it is back. */
function wait(again) {
  offline.hidden = false;
  stopWaiting();
  stopWaiting = whenBack(() => {
    offline.hidden = true;
    again();
  });
}

/** Signs in with what Telegram signed. @returns whether that was there, and is good */
async function takeToken() {
  if (!initData) return false;
  const reply = await fetch('/api/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ initData }),
    signal: AbortSignal.timeout(15_000),
  });
  const answer = await reply.json();
  token = answer.token;
  return answer.success;
}

/** Opened inside Telegram: what it signed is in the address, and signs in. */
async function signIn() {
  if (!document.querySelector('[data-sign-in]') || !initData) return;
  await load(location.pathname + location.search).catch(() => wait(signIn));
  const part = document.querySelector('[data-sign-in]');
  if (part && offline.hidden) part.querySelector('.error').hidden = false;
}

/** A link of ours without leaving the page, which would be the browser's own page of errors when the server is away. */
function visit(link) {
  load(link.getAttribute('href'), {}, { at: link.hash }).catch(() => wait(() => visit(link)));
}

async function play(dialog, outcome) {
  const error = dialog.querySelector('.error');
  error.hidden = true;
  const reply = await fetch(`/api/payment/mock/${outcome}/${dialog.dataset.play}`, { method: 'POST' });
  const answer = await reply.json();
  if (reply.ok && (outcome === 'success' || answer.data.payment_status !== 'waiting')) return;
  error.textContent = reply.ok ? error.dataset.still : answer.error.message;
  error.hidden = false;
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  const dialog = form.closest('[data-play]');
  if (dialog) {
    event.preventDefault();
    play(dialog, event.submitter.value);
    return;
  }
  if (!form.matches('[data-send]')) return;
  event.preventDefault();
  const body = new URLSearchParams(new FormData(form));
  event.submitter.disabled = true;
  load(form.getAttribute('action'), { method: 'POST', body }).catch(() => {
    event.submitter.disabled = false;
    // Not sent again by itself: whoever pays presses.
    wait(() => {});
  });
});
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-load]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  visit(link);
});
watch();
signIn();
