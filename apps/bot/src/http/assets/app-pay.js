// Buying in the Mini App. That an invoice was paid is the server's word alone: Telegram's "paid" only begins to ask for it.

import { busy, call, go, haptic, isBusy, isShown, lost, said, tell, tg } from './app-frame.js';
import { priceChanges, wishOf } from './app-price.js';
import { say, valuesOf } from './fields.js';

const TRIES = 30;
const EVERY_MS = 1000;
const BIRTH = ['name', 'gender', 'calendar', 'date', 'leap', 'time', 'time_unknown', 'place'];
/** The same wish sent twice is one order. */
const marks = new Map();

function markOf(wish) {
  const key = JSON.stringify(wish);
  if (!marks.has(key)) marks.set(key, crypto.randomUUID());
  return { mark: marks.get(key), forget: () => marks.delete(key) };
}

/** The birth as the server understands it, or undefined where it says below a field what is wrong. */
async function birthIn(form) {
  const values = valuesOf(form);
  const fields = Object.fromEntries(BIRTH.flatMap((name) => (values[name] ? [[name, values[name]]] : [])));
  for (const name of ['name', 'gender', 'date', 'time', 'place']) say(form, name, '');
  try {
    const { data } = await call(`/api/chart-preview?lang=${document.documentElement.lang}`, { fields });
    return data.input;
  } catch (error) {
    if (!error.field) throw error;
    showWrong(form, error.fields ?? { [error.field]: error.message });
    return undefined;
  }
}

/** All that is wrong at once, and the reader at the first of it. */
function showWrong(form, wrong) {
  for (const [name, text] of Object.entries(wrong)) say(form, name, text);
  tell(said('form_wrong'));
  haptic('error');
  const first = [...form.elements].find(({ name }) => name && Object.hasOwn(wrong, name));
  first?.focus({ preventScroll: true });
  first?.closest('.field')?.scrollIntoView({ block: 'center' });
}

/** Somebody has paid, and the server has not said what became of it: until then nothing else is sold to them. */
let unconfirmed = false;

/** One thing at a time: nothing that costs begins before the last is over. */
async function alone(act) {
  if (isBusy()) return;
  tell();
  busy(true);
  try {
    await act();
  } catch (error) {
    lost(error);
  } finally {
    busy(unconfirmed);
  }
}

export const order = (wish) => alone(() => makeOrder(wish));

async function makeOrder({ slug, way, form }) {
  // A code that was typed and not used yet: its price is seen before anything is paid.
  if (form && (await priceChanges(form))) return;
  const { coupon, gift } = form ? wishOf(form) : {};
  const input = form?.querySelector('[data-birth]') && !gift ? await birthIn(form) : {};
  if (input === undefined) return;
  const more = { ...(coupon && { coupon }), ...(gift && { gift }) };
  const { mark, forget } = markOf({ slug, input, way, ...more });
  const language = `lang=${document.documentElement.lang}`;
  if (way === 'stars' || way === 'subscription') {
    const again = way === 'subscription' ? { subscription: true } : {};
    const payload = tg?.initData ?? '';
    const wish = { productName: slug, telegramPayload: payload, input, ...more, request_id: mark, ...again };
    const { invoiceLink, order_no: orderNo } = await call(`/api/create-payment?${language}`, wish);
    await invoice(invoiceLink, orderNo, forget);
  } else {
    const pays = way === 'points' ? { payment_method: way } : {};
    const wish = { product_slug: slug, input, ...more, request_id: mark, ...pays };
    const { data } = await call(`/api/create-order?${language}`, wish);
    forget();
    if (data.payment_error) throw Object.assign(new Error('not paid'), { code: data.payment_error.code });
    await check(data.order_no);
  }
}

/** An order that was made before. */
export const payOrder = ({ pay: orderNo, amount }) =>
  alone(async () => {
    const { data } = await call('/api/v1/payments/stars/create', { orderId: orderNo, amount });
    await invoice(data.payment_url, orderNo, () => {});
  });

/** Nothing more is taken for the membership; what is paid stays. */
export const endRenewal = () =>
  alone(async () => {
    await call('/api/my/end-renewal', {});
    await go('home', { quiet: true });
    tell(said('renewal_ended'));
  });

/** The user's coins for a part of it; the page then asks for the rest. */
export const useCoins = (orderNo) =>
  alone(async () => {
    await call(`/api/order/${orderNo}/coins`, {});
    haptic('success');
    await go(`order/${orderNo}`, { quiet: true });
  });

/** Until the invoice is closed unpaid, or the server says what became of it. @param forget from then on the same wish is another order */
async function invoice(link, orderNo, forget) {
  const status = await new Promise((resolve) => tg.openInvoice(link, resolve));
  if (status === 'paid' || status === 'pending') {
    return check(orderNo, forget);
  }
  if (status === 'failed') haptic('error');
  // The order is in the list now. A form stays as it was filled in.
  if (!document.querySelector('form[data-order]')) await go(isShown(), { quiet: true }).catch(() => undefined);
  tell(said(status === 'failed' ? 'failed' : 'cancelled'));
}

/** Asks every second for half a minute, then leaves it to the buyer to ask again. @param answered what became of it is known */
async function check(orderNo, answered = () => {}) {
  unconfirmed = true;
  tell(said('confirming'));
  for (let tries = 0; tries < TRIES; tries += 1) {
    const data = await call(`/api/order-status/${orderNo}`)
      .then((answer) => answer.data)
      .catch(() => undefined);
    if (data && (data.held || !['waiting', 'processing'].includes(data.payment_status))) {
      unconfirmed = false;
      answered();
      haptic(data.payment_status === 'paid' ? 'success' : 'warning');
      tell();
      await go(`order/${orderNo}`).catch((error) => lost(error, () => go(`order/${orderNo}`)));
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  tell(said('not_yet'), () => check(orderNo, answered).finally(() => busy(unconfirmed)));
}

export async function askForRefund(form) {
  const { reason } = valuesOf(form);
  if (!reason?.trim()) {
    form.elements.reason.focus();
    return;
  }
  const takesPart = form.dataset.part === '' ? { part: true } : {};
  const address = `/api/order/${form.dataset.refund}/refund-request?lang=${document.documentElement.lang}`;
  const { data } = await call(address, { reason, ...takesPart });
  const answer = form.querySelector('[role="status"]');
  answer.textContent = filled(answer.dataset[data.outcome] ?? '', data);
  answer.hidden = false;
  form.querySelector('button').hidden = true;
  offerPart(form, data);
  haptic('success');
}

/** Of coins that are partly spent the rest may go back: the buyer says yes to it first. */
function offerPart(form, { outcome }) {
  const take = form.querySelector('[data-part]');
  take.hidden = outcome !== 'part_offered';
  take.onclick = () => {
    form.dataset.part = '';
    askForRefund(form).catch((error) => lost(error));
  };
}

/** What the answer knows, in the sentence that the server wrote. */
function filled(sentence, { amount_text: amount, coins_left: left, coins_unspent: unspent }) {
  const known = { amount, left, unspent };
  return sentence.replace(/\[(\w+)\]/g, (found, name) => known[name] ?? found);
}
