// The frame of the Mini App: who is signed in, what stands on the page, what is said of it, and Telegram's own buttons around it.
// Nothing begins here: `app.js` starts it.

import { markup } from './fields.js';
import { fingerprint, follow, whenBack } from './live.js';

export const tg = window.Telegram?.WebApp;
export const inTelegram = Boolean(tg?.initData);
/** In nothing but this page's memory. */
let token;
let language = document.documentElement.lang;
let shown = 'home';
let asked = 0;
let stop = () => {};
let stopWaiting = () => {};
/** What else is done with a part that was put on the page. */
let drawn = () => {};
/** A payment is being opened, made or confirmed: no other one begins. */
let locked = false;

const news = document.querySelector('#news');
const offline = document.querySelector('#offline');
export const view = () => document.querySelector('#view');

/** Wording lies in the page, by its name. */
export function said(key) {
  return [...document.querySelectorAll('#says [data-key]')].find(({ dataset }) => dataset.key === key)?.textContent;
}

export function tell(text, again) {
  stopWaiting();
  news.textContent = text ?? '';
  if (!again) return;
  const button = document.createElement('button');
  button.className = 'button quiet again';
  button.textContent = said('check_again');
  button.addEventListener('click', again);
  news.append(button);
}

function send(path, body) {
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

/** A session lasts an hour, what Telegram signed for a day: it is begun anew without a word, once. */
async function ask(path, body) {
  const reply = await send(path, body);
  if (reply.status !== 401 || !token) return reply;
  token = undefined;
  await signIn();
  return send(path, body);
}

export async function signIn() {
  const session = await answerOf(await send('/api/session', { initData: tg.initData }));
  token = session.token;
  return session;
}

/** JSON of our API, or an error with its `code`. */
export async function call(path, body) {
  return answerOf(await ask(path, body));
}

async function answerOf(reply) {
  const answer = await reply.json();
  if (answer.success) return answer;
  const { code = answer.code, field, fields, message } = typeof answer.error === 'object' ? answer.error : answer;
  throw Object.assign(new Error(message ?? 'refused'), { code, field, fields });
}

/** A part of the page as the server draws it. */
export async function part(path, body) {
  const reply = await ask(`/app/view/${path}?lang=${language}`, body);
  if (reply.ok) return markup(await reply.text());
  throw Object.assign(new Error(`answered ${reply.status}`), { status: reply.status, code: codeOf(reply) });
}

export function whenDrawn(act) {
  drawn = act;
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
  drawn(view());
  buttons();
  if (locked) busy(true);
  watch();
}

/** Parts of the page answer in words for people. */
const codeOf = ({ status }) => (status === 401 ? 'session_over' : undefined);

/** Telegram's main button stands for the one that matters on the page, its back button for the way home. */
export function buttons() {
  if (!inTelegram) return;
  const { main } = view().dataset;
  if (main) tg.MainButton.setText(main).show();
  else tg.MainButton.hide();
  if (shown === 'home') tg.BackButton.hide();
  else tg.BackButton.show();
}

/** Nothing on the page can be pressed to buy, Telegram's own button included, until it is over. */
export function busy(is) {
  locked = is;
  for (const button of view().querySelectorAll('button:not([data-off])')) button.disabled = is;
  if (inTelegram && is) tg.MainButton.showProgress();
  else if (inTelegram) tg.MainButton.hideProgress();
}

export const isBusy = () => locked;

/** What stands on the page: `home`, `report/<slug>`, `order/<order_no>`. */
export const isShown = () => shown;

function watch() {
  const { orderNo, poll, state } = view().dataset;
  if (!orderNo || !poll) return;
  stop = follow(orderNo, {
    told: (status) =>
      fingerprint(status) !== state && go(shown, { quiet: true }).catch((error) => lost(error, () => visit(shown))),
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
export function lost(error, again = () => {}) {
  haptic('error');
  const isAway = error.name === 'TypeError' || error.name === 'TimeoutError';
  tell(said(error.code) ?? said(isAway ? 'offline' : 'unknown'));
  if (!isAway) return;
  stopWaiting = whenBack(() => {
    tell();
    again();
  });
}

export async function visit(to) {
  // What is said of a payment under way stays until it is over.
  if (!locked) tell();
  await go(to).catch((error) => lost(error, () => visit(to)));
}

/** The frame of the page was drawn before anybody knew who reads it. */
export async function speak(wanted) {
  language = wanted;
  if (document.documentElement.lang === wanted) return;
  const reply = await fetch(`/app?lang=${wanted}`, { signal: AbortSignal.timeout(15_000) });
  const page = new DOMParser().parseFromString(await reply.text(), 'text/html');
  for (const part of ['.skip', 'header.site', '#offline', '#says', 'footer.site'])
    document.querySelector(part).replaceChildren(...page.querySelector(part).childNodes);
  document.title = page.title;
  document.documentElement.lang = wanted;
}
