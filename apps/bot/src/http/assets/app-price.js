// What a coupon or "as a gift" makes of a price: asked of the server and shown before anybody pays.

import { busy, buttons, isBusy, lost, part, said } from './app-frame.js';
import { say } from './fields.js';

export function wishOf(form) {
  const { coupon, gift } = form.elements;
  return { coupon: coupon?.value.trim() || undefined, gift: gift?.checked || undefined };
}

const textOf = (form) => JSON.stringify(wishOf(form));
/** What the price that is shown was asked for. */
const shown = new WeakMap();

export function followPrice(form) {
  shown.set(form, textOf(form));
  form.elements.gift?.addEventListener('change', () => draw(form));
  form.querySelector('[data-use-coupon]')?.addEventListener('click', () => draw(form));
  form.elements.coupon?.addEventListener('input', () => say(form, 'coupon', ''));
  form.elements.coupon?.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter') return;
    event.preventDefault();
    draw(form);
  });
}

/** True where the price on the page was not the one of what is wished for: it is drawn anew. */
export async function priceChanges(form) {
  if (shown.get(form) === textOf(form)) return false;
  await draw(form);
  return true;
}

async function draw(form) {
  const wish = wishOf(form);
  const before = isBusy();
  busy(true);
  say(form, 'coupon', '');
  try {
    const fresh = await part(`price/${form.dataset.order}`, wish);
    const { main } = fresh.firstElementChild.dataset;
    form.querySelector('[data-price-part]').replaceWith(fresh);
    form.closest('#view').dataset.main = main;
    shown.set(form, JSON.stringify(wish));
    buttons();
  } catch (error) {
    if (!wish.coupon || (error.status !== 409 && error.status !== 422)) return lost(error);
    say(form, 'coupon', said('coupon_not_valid'));
    form.elements.coupon.focus();
  } finally {
    busy(before);
  }
}
