// The Mini App: signs in with what Telegram signed, asks the server for each part, and ties it to Telegram's own buttons.

import { call, go, inTelegram, isShown, lost, signIn, speak, tg, view, visit, whenDrawn } from './app-frame.js';
import { askForRefund, endRenewal, order, payOrder, useCoins } from './app-pay.js';
import { followPrice } from './app-price.js';
import { followBirth } from './birth.js';
import { showCopy } from './copy.js';

whenDrawn((part) => {
  const form = part.querySelector('form[data-order]');
  if (form) {
    followBirth(form);
    followPrice(form);
  }
  showCopy(part);
});

document.addEventListener('click', (event) => {
  const at = (selector) => event.target.closest(selector);
  const link = at('[data-go]') ?? at('[data-back]');
  if (link) {
    event.preventDefault();
    visit(link.dataset.go ?? 'home');
  } else if (at('[data-buy]')) order({ slug: at('[data-buy]').dataset.buy, way: 'stars' });
  else if (at('[data-subscribe]')) order({ slug: at('[data-subscribe]').dataset.subscribe, way: 'subscription' });
  else if (at('[data-end-renewal]')) endRenewal();
  else if (at('[data-coins]')) useCoins(at('[data-coins]').dataset.coins);
  else if (at('[data-pay]')) payOrder(at('[data-pay]').dataset);
});
document.addEventListener('submit', (event) => {
  const form = event.target;
  event.preventDefault();
  if (form.matches('[data-order]')) order({ slug: form.dataset.order, way: event.submitter?.value ?? 'stars', form });
  else if (form.matches('[data-refund]')) askForRefund(form).catch((error) => lost(error));
  else if (form.matches('[data-gift-link]')) newGiftLink(form).catch((error) => lost(error));
});

/** The old one ends at once. */
async function newGiftLink(form) {
  await call(`/api/order/${form.dataset.giftLink}/gift-link`, {});
  await go(isShown(), { quiet: true });
}

function dress() {
  document.documentElement.dataset.scheme = tg.colorScheme;
  if (tg.themeParams?.bg_color && tg.themeParams.text_color) document.documentElement.dataset.theme = '';
}

function setUpTelegram() {
  document.documentElement.dataset.telegram = '';
  dress();
  tg.onEvent('themeChanged', dress);
  tg.MainButton.onClick(() => view().querySelector('[data-primary]')?.click());
  tg.BackButton.onClick(() => visit('home'));
  tg.ready();
  tg.expand();
}

async function begin() {
  // Outside Telegram the cookie of a login link may do.
  if (inTelegram) await speak((await signIn()).user.language);
  await go('home', { quiet: true });
}

function start() {
  begin().catch((error) => {
    if (inTelegram) lost(error, start);
  });
}

if (inTelegram) setUpTelegram();
start();
