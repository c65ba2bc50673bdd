// The Mini App: signs in with what Telegram signed, asks the server for each part, and ties it to Telegram's own buttons.

import { askForRefund, endRenewal, order, payOrder, useCoins } from './app-pay.js';
import { followPrice } from './app-price.js';
import { followBirth } from './birth.js';
import { showCopy } from './copy.js';
import { markup } from './fields.js';
import { fingerprint, follow } from './live.js';

const tg = window.Telegram?.WebApp;
const inTelegram = Boolean(tg?.initData);
/** In nothing but this page's memory. */
let token;
let language = document.documentElement.lang;
let shown = 'home';
let asked = 0;
let stop = () => {};

const news = document.querySelector('#news');
const offline = document.querySelector('#offline');
const view = () => document.querySelector('#view');

/** Wording lies in the page, by its name. */
export function said(key) {
  return [...document.querySelectorAll('#says [data-key]')].find(({ dataset }) => dataset.key === key)?.textContent;
}

export function tell(text, again) {
  news.hidden = !text;
  news.textContent = text ?? '';
  if (!again) return;
  const button = document.createElement('button');
  button.className = 'button quiet';
  button.textContent = said('check_again');
  button.addEventListener('click', again);
  news.append(button);
}

function ask(path, body) {
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body && { 'content-type': 'application/json' }),
  };
  return fetch(path, {
    method: body ? 'POST' : 'GET',
    headers,
    ...(body && { body: JSON.stringify(body) }),
    cache: 'no-store',
    signal: AbortSignal.timeout(15_000),
  });
}

/** JSON of our API, or an error with its `code`. */
export async function call(path, body) {
  const answer = await (await ask(path, body)).json();
  if (answer.success) return answer;
  const { code = answer.code, field, message } = typeof answer.error === 'object' ? answer.error : answer;
  throw Object.assign(new Error(message ?? 'refused'), { code, field });
}

/** A part of the page as the server draws it. */
export async function part(path, body) {
  const reply = await ask(`/app/view/${path}?lang=${language}`, body);
  if (reply.ok) return markup(await reply.text());
  throw Object.assign(new Error(`answered ${reply.status}`), { status: reply.status });
}

export async function go(to, { quiet = false } = {}) {
  asked += 1;
  const mine = asked;
  stop();
  const fresh = await part(to);
  if (mine !== asked) return;
  view().replaceWith(fresh);
  shown = to;
  if (!quiet) {
    scrollTo(0, 0);
    view().querySelector('#headline')?.focus();
  }
  const form = view().querySelector('form[data-order]');
  if (form) {
    followBirth(form);
    followPrice(form);
  }
  showCopy(view());
  buttons();
  watch();
}

/** Telegram's main button stands for the one that matters on the page, its back button for the way home. */
export function buttons() {
  if (!inTelegram) return;
  const { main } = view().dataset;
  if (main) tg.MainButton.setText(main).show();
  else tg.MainButton.hide();
  if (shown === 'home') tg.BackButton.hide();
  else tg.BackButton.show();
}

export function busy(is) {
  for (const button of view().querySelectorAll('button:not([data-off])')) button.disabled = is;
  if (inTelegram && is) tg.MainButton.showProgress();
  else if (inTelegram) tg.MainButton.hideProgress();
}

function watch() {
  const { orderNo, poll, state } = view().dataset;
  if (!orderNo || !poll) return;
  stop = follow(orderNo, {
    told: (status) => fingerprint(status) !== state && go(shown, { quiet: true }).catch(lost),
    offline: (is) => {
      offline.hidden = !is;
    },
    tired: () => tell(said('not_yet'), () => go(shown, { quiet: true })),
  });
}

export function haptic(kind) {
  if (inTelegram) tg.HapticFeedback?.notificationOccurred(kind);
}

/** What went wrong, in words of ours; a server out of reach is told apart. */
export function lost(error) {
  haptic('error');
  tell(
    said(error.code) ??
      (error.name === 'TypeError' || error.name === 'TimeoutError' ? said('offline') : said('unknown')),
  );
}

async function visit(to) {
  tell();
  await go(to).catch(lost);
}

document.addEventListener('click', (event) => {
  const at = (selector) => event.target.closest(selector);
  const link = at('[data-go]') ?? at('[data-back]');
  if (link) {
    event.preventDefault();
    visit(link.dataset.go ?? 'home');
  } else if (at('[data-buy]')) order({ slug: at('[data-buy]').dataset.buy, way: 'stars' }, tg);
  else if (at('[data-subscribe]')) order({ slug: at('[data-subscribe]').dataset.subscribe, way: 'subscription' }, tg);
  else if (at('[data-end-renewal]')) endRenewal();
  else if (at('[data-coins]')) useCoins(at('[data-coins]').dataset.coins);
  else if (at('[data-pay]')) payOrder(at('[data-pay]').dataset, tg);
});
document.addEventListener('submit', (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.matches('[data-order]'))
    order({ slug: form.dataset.order, way: event.submitter?.value ?? 'stars', form }, tg);
  else if (form.matches('[data-refund]')) askForRefund(form).catch(lost);
  else if (form.matches('[data-gift-link]')) newGiftLink(form).catch(lost);
});

/** The old one ends at once. */
async function newGiftLink(form) {
  await call(`/api/order/${form.dataset.giftLink}/gift-link`, {});
  await go(shown, { quiet: true });
}

function dress() {
  document.documentElement.dataset.scheme = tg.colorScheme;
  if (tg.themeParams?.bg_color && tg.themeParams.text_color) document.documentElement.dataset.theme = '';
}

async function begin() {
  if (inTelegram) {
    document.documentElement.dataset.telegram = '';
    dress();
    tg.onEvent('themeChanged', dress);
    tg.MainButton.onClick(() => view().querySelector('[data-primary]')?.click());
    tg.BackButton.onClick(() => visit('home'));
    tg.ready();
    tg.expand();
    const session = await call('/api/session', { initData: tg.initData });
    token = session.token;
    language = session.user.language;
    document.documentElement.lang = language;
  }
  // Outside Telegram the cookie of a login link may do.
  await go('home', { quiet: true });
}

begin().catch((error) => {
  if (inTelegram) lost(error);
});
