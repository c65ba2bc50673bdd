import { setUpInvoices } from './invoice.js';
import { applyLabels, labelsFor } from './labels.js';
import { dayLine, make, renderMessage, serviceLine, startOfDay } from './messages.js';
import { setUpMiniApp } from './mini-app.js';
import { setUpSide, showPeople } from './side.js';

const $ = (id) => document.getElementById(id);
const userId = Number(new URLSearchParams(location.search).get('user') ?? 1001);
const state = {
  me: null,
  bot: null,
  commands: [],
  messages: [],
  labels: labelsFor(navigator.language),
  pressed: new Map(),
  early: new Set(),
  isAtBottom: true,
  typing: 0,
};

const hands = {
  get labels() {
    return state.labels;
  },
  onPress: press,
  onCommand: (text) => act('messages', { text }),
  onLink: followLink,
  get bot() {
    return state.bot;
  },
  onPay: (message) => invoices.openMessage(message),
  onSubscription: (chargeId, what) => act('subscription', { chargeId, what }),
};
const invoices = setUpInvoices({
  get labels() {
    return state.labels;
  },
  me: () => state.me,
  bot: () => state.bot,
  pay: (wish) => act('pay', wish),
  topUp: (stars) => act('stars', { stars }),
  toast,
});

const miniApp = setUpMiniApp({
  address: async (scheme, from) => (await act('mini-app', { scheme, from }))?.url,
  openInvoice(address, closed) {
    invoices.openLink(new URL(address).searchParams.get('invoice') ?? '', closed);
  },
});

applyLabels(state.labels);
setUpSide({
  me: () => state.me,
  open: (payload) => act('start', { payload }),
  block: (blocked) => act('block', { blocked }),
});
showPeople(userId);
keepPlace();
listen();

$('top-up').addEventListener('click', () => act('stars', { stars: 1_000 }));
$('start').addEventListener('click', () => act('start', {}));
$('unblock').addEventListener('click', () => act('block', { blocked: false }));
$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  send();
});
$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
$('text').addEventListener('input', () => {
  fitText();
  // A slash opens the list of commands, as in Telegram.
  if ($('text').value === '/') showCommands(true);
  else if (!$('text').value.startsWith('/')) showCommands(false);
});
$('commands-open').addEventListener('click', () => showCommands($('commands').hidden));
document.addEventListener('keydown', (event) => event.key === 'Escape' && showCommands(false));

function listen() {
  const events = new EventSource(`/chat/api/people/${userId}/events`);
  events.onmessage = ({ data }) => hear(JSON.parse(data));
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) showUnknown();
    else $('bot-status').textContent = state.labels.offline;
  };
}

const hear = (event) => {
  const heard = {
    all: () => {
      state.messages = event.messages;
      meet(event);
      drawAll();
      invoices.openFromAddress();
      startFromAddress();
    },
    person: () => meet(event),
    message: () => {
      state.messages.push(event.message);
      if (event.message.from.is_bot) stopTyping();
      append(event.message);
    },
    edited: () => replace(event.message),
    deleted: () => remove(event.messageId),
    typing: () => showTyping(event.action),
    answer: () => answered(event),
    keyboard: () => showKeyboard(event.keyboard),
  };
  heard[event.kind]?.();
};

function meet({ me, bot, commands, miniApp: hasMiniApp, menuButton }) {
  Object.assign(state, { me, bot, commands, miniApp: hasMiniApp, menuButton, labels: labelsFor(me.language) });
  applyLabels(state.labels);
  $('bot-name').textContent = bot.first_name;
  $('me').textContent = me.name;
  $('deep-link-prefix').textContent = `t.me/${bot.username}?start=`;
  $('block').textContent = me.blocked ? state.labels.unblock : state.labels.block;
  $('top-up').textContent = state.labels.topUpSide.replace('{stars}', me.stars);
  invoices.draw();
  miniApp.offer(hasMiniApp && !me.blocked, menuButton);
  $('start').hidden = me.started || me.blocked;
  $('unblock').hidden = !me.blocked;
  $('composer').hidden = !me.started || me.blocked;
  stopTyping();
  showService();
}

function drawAll() {
  $('feed').replaceChildren();
  for (const message of state.messages) append(message, false);
  showService();
  toBottom();
}

/** Lines that are no message: the empty chat, the blocked bot. */
function showService() {
  for (const line of $('feed').querySelectorAll('.service-state')) line.remove();
  if (state.me.blocked) $('feed').append(serviceLine(state.labels.blocked, 'state'));
  else if (state.messages.length === 0) $('feed').append(serviceLine(state.labels.empty, 'state'));
  toBottom();
}

function append(message, scroll = true) {
  const feed = $('feed');
  const last = [...feed.querySelectorAll('.message')].at(-1);
  const lastDate = last ? Number(last.dataset.date) : 0;
  const isNewDay = startOfDay(new Date(lastDate * 1000)) !== startOfDay(new Date(message.date * 1000));
  for (const line of feed.querySelectorAll('.service-state')) line.remove();
  if (isNewDay) feed.append(dayLine(message.date, state.labels));
  feed.append(dated(renderMessage(message, hands), message));
  if (!state.me.started) {
    state.me.started = true;
    meet(state);
  }
  if (scroll && (state.isAtBottom || !message.from.is_bot)) toBottom();
}

function dated(element, message) {
  element.dataset.date = String(message.date);
  return element;
}

function elementOf(messageId) {
  return $('feed').querySelector(`[data-message-id="${messageId}"]`);
}

function replace(message) {
  const index = state.messages.findIndex((other) => other.message_id === message.message_id);
  if (index >= 0) state.messages[index] = message;
  elementOf(message.message_id)?.replaceWith(dated(renderMessage(message, hands), message));
}

function remove(messageId) {
  state.messages = state.messages.filter((message) => message.message_id !== messageId);
  elementOf(messageId)?.remove();
}

function toBottom() {
  const feed = $('feed');
  feed.scrollTop = feed.scrollHeight;
}

/** Who reads further up is left there; who is at the end stays at the end, also when a picture has come in or the keyboard opens. */
function keepPlace() {
  const feed = $('feed');
  feed.addEventListener('scroll', () => {
    state.isAtBottom = feed.scrollHeight - feed.scrollTop - feed.clientHeight < 120;
  });
  const follow = () => state.isAtBottom && toBottom();
  feed.addEventListener('load', follow, { capture: true });
  new ResizeObserver(follow).observe(feed);
}

async function act(what, body) {
  const answer = await fetch(`/chat/api/people/${userId}/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const result = await answer.json();
  if (!answer.ok) toast(result.error);
  return answer.ok ? result : null;
}

function send() {
  const text = $('text').value.trim();
  if (!text) return;
  $('text').value = '';
  fitText();
  showCommands(false);
  act('messages', { text });
}

async function press(message, button, element) {
  if (element.classList.contains('waiting')) return;
  element.classList.add('waiting');
  const release = () => element.classList.remove('waiting');
  const result = await act('press', { messageId: message.message_id, data: button.callback_data });
  if (!result || state.early.has(result.queryId)) return release();
  state.pressed.set(result.queryId, release);
  setTimeout(release, 15_000);
}

function answered({ queryId, text, alert, url }) {
  // The bot may be quicker than the answer to the press itself.
  state.early.add(queryId);
  state.pressed.get(queryId)?.();
  state.pressed.delete(queryId);
  if (url) window.open(url, '_blank', 'noopener');
  if (!text) return;
  if (!alert) return toast(text);
  $('alert-text').textContent = text;
  $('alert').showModal();
}

/** A page of the shop leads here with what it wants the bot to be told: once, not again with every reload. */
function startFromAddress() {
  const query = new URLSearchParams(location.search);
  const payload = query.get('start');
  if (payload === null) return;
  query.delete('start');
  history.replaceState(null, '', `?${query}`);
  act('start', { payload });
}

/** A link to this very bot is a deep link: it stays in the chat. */
function followLink(href, event) {
  const url = new URL(href);
  const isHere = url.origin === location.origin;
  const invoice = isHere ? url.searchParams.get('invoice') : null;
  if (!invoice && !(isHere ? url.searchParams.has('start') : isBot(url))) return;
  event.preventDefault();
  if (invoice) invoices.openLink(invoice);
  else act('start', { payload: url.searchParams.get('start') ?? '' });
}

function isBot({ hostname, pathname }) {
  const name = pathname.slice(1).toLowerCase();
  return /^(t|telegram)\.me$/.test(hostname) && name === state.bot.username.toLowerCase();
}

function showTyping(action) {
  clearTimeout(state.typing);
  const words = make('span', 'typing', action.startsWith('upload') ? state.labels.uploading : state.labels.typing);
  words.append(make('span', 'dots'));
  $('bot-status').replaceChildren(words);
  state.typing = setTimeout(stopTyping, 5_000);
}

function stopTyping() {
  clearTimeout(state.typing);
  $('bot-status').textContent = state.labels.bot;
}

function showCommands(open) {
  const list = $('commands');
  const wanted = open && state.commands.length > 0;
  $('commands-open').setAttribute('aria-expanded', String(wanted));
  list.hidden = !wanted;
  if (!wanted) return;
  list.replaceChildren(
    ...state.commands.map(({ command, description }) => {
      const row = make('button', 'command');
      row.type = 'button';
      row.setAttribute('role', 'menuitem');
      row.append(make('strong', '', `/${command}`), make('span', '', description));
      row.addEventListener('click', () => {
        showCommands(false);
        $('text').value = '';
        act('messages', { text: `/${command}` });
      });
      return row;
    }),
  );
  list.querySelector('button').focus();
}

function showKeyboard(rows) {
  $('keyboard').hidden = !rows;
  $('keyboard').replaceChildren(
    ...(rows ?? []).map((row) => {
      const line = make('div', 'keyboard-row');
      line.append(
        ...row.map(({ text }) => {
          const key = make('button', 'plain-button', text);
          key.type = 'button';
          key.addEventListener('click', () => act('messages', { text }));
          return key;
        }),
      );
      return line;
    }),
  );
}

function fitText() {
  const box = $('text');
  box.style.height = 'auto';
  box.style.height = `${Math.min(box.scrollHeight, 160)}px`;
}

function toast(text) {
  const box = $('toast');
  box.textContent = text;
  box.classList.add('toast-on');
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => box.classList.remove('toast-on'), 3_500);
}

function showUnknown() {
  $('composer').hidden = true;
  $('feed').replaceChildren(serviceLine(state.labels.unknown, 'state'));
}
