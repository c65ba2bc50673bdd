import { link, renderText } from './entities.js';
import { invoiceCard, moneyLine } from './invoice.js';

/** One message as an element. `hands` = { labels, bot, onPress(message, button, element), onCommand(text), onLink(url, event), onPay(message), onSubscription(chargeId, what) } */
export function renderMessage(message, hands) {
  if (message.successful_payment || message.refunded_payment) return serviceMessage(message, hands);
  const mine = !message.from.is_bot;
  const article = make('article', `message ${mine ? 'mine' : 'theirs'}`);
  article.dataset.testid = 'message';
  article.dataset.messageId = String(message.message_id);
  article.dataset.from = mine ? 'me' : 'bot';
  article.append(bubble(message, hands));
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (message.invoice) article.append(payKey(message, hands));
  else if (rows.length > 0) article.append(keyboard(message, rows, hands));
  article.addEventListener('click', (event) => {
    const anchor = event.target.closest?.('a[href]');
    if (anchor) hands.onLink(anchor.href, event);
  });
  return article;
}

/** What Telegram itself writes into the chat. */
function serviceMessage(message, hands) {
  const article = make('article', 'message message-service');
  article.dataset.testid = 'message';
  article.dataset.messageId = String(message.message_id);
  article.append(make('span', '', moneyLine(message, hands.labels, hands.bot)));
  const paid = message.successful_payment;
  if (paid?.is_first_recurring) article.append(subscriptionKeys(paid.telegram_payment_charge_id, hands));
  return article;
}

/** What time does by itself, and what Telegram's settings offer. */
function subscriptionKeys(chargeId, { labels, onSubscription }) {
  const keys = make('div', 'subscription-keys');
  for (const what of ['renew', 'cancel']) {
    const key = make('button', 'subscription-key', labels[`subscription_${what}`]);
    key.type = 'button';
    key.addEventListener('click', () => onSubscription(chargeId, what));
    keys.append(key);
  }
  return keys;
}

function bubble(message, hands) {
  const box = make('div', 'bubble');
  if (message.invoice) box.append(invoiceCard(message.invoice));
  const picture = message.photo?.at(-1);
  if (picture) box.append(photo(picture, message.caption ?? ''));
  if (message.document) box.append(file(message.document, hands.labels));
  const text = message.text ?? message.caption;
  if (text !== undefined) {
    const words = make('div', 'words');
    words.dataset.testid = 'text-of-message';
    words.append(renderText(text, message.entities ?? message.caption_entities ?? [], hands.onCommand));
    box.append(words);
  }
  box.append(meta(message, hands.labels));
  return box;
}

function meta(message, labels) {
  const line = make('span', 'meta');
  const isMarked = message.edit_date !== undefined && message.from.is_bot;
  const time = new Date(message.date * 1000);
  const clock = make(
    'time',
    '',
    time.toLocaleTimeString(labels.locale, { hour: '2-digit', minute: '2-digit', hour12: false }),
  );
  clock.dateTime = time.toISOString();
  if (isMarked) line.append(make('span', 'edited', labels.edited), ' ');
  line.append(clock);
  if (!message.from.is_bot) line.append(' ', make('span', 'ticks', '✓✓'));
  return line;
}

function photo(picture, caption) {
  const image = make('img', 'photo');
  image.src = `/chat/api/files/${encodeURIComponent(picture.file_id)}`;
  image.alt = caption.slice(0, 120) || 'photo';
  return image;
}

function file(document, labels) {
  const anchor = make('a', 'file');
  anchor.href = `/chat/api/files/${encodeURIComponent(document.file_id)}`;
  anchor.download = document.file_name ?? 'file';
  anchor.dataset.testid = 'file';
  const size = document.file_size < 1024 ? `${document.file_size} B` : `${Math.round(document.file_size / 1024)} KB`;
  const names = make('span', 'file-names');
  names.append(make('strong', '', document.file_name ?? 'file'), make('small', '', `${size} · ${labels.file}`));
  anchor.append(make('span', 'file-icon', '↓'), names);
  return anchor;
}

function keyboard(message, rows, hands) {
  const board = make('div', 'inline-keyboard');
  board.dataset.testid = 'inline-keyboard';
  for (const row of rows) {
    const line = make('div', 'inline-row');
    line.append(...row.map((button) => key(message, button, hands)));
    board.append(line);
  }
  return board;
}

/** Telegram puts this one below every invoice by itself. */
function payKey(message, hands) {
  const { labels } = hands;
  const node = make(
    'button',
    message.receipt ? 'inline-key' : 'inline-key pay-key',
    message.receipt ? labels.receipt : `${labels.pay} ★ ${message.invoice.total_amount}`,
  );
  node.type = 'button';
  node.dataset.testid = message.receipt ? 'receipt-button' : 'pay-button';
  node.addEventListener('click', () => hands.onPay(message));
  const board = make('div', 'inline-keyboard');
  board.append(node);
  return board;
}

function key(message, button, hands) {
  const url = button.url ?? button.web_app?.url;
  if (url !== undefined) {
    const anchor = link(url);
    anchor.className = 'inline-key';
    anchor.dataset.testid = 'url-button';
    anchor.append(make('span', '', button.text), make('span', 'key-mark', '↗'));
    return anchor;
  }
  const node = make('button', 'inline-key');
  node.type = 'button';
  node.dataset.testid = 'callback-button';
  node.dataset.callback = button.callback_data ?? '';
  node.append(make('span', '', button.text));
  node.addEventListener('click', () => hands.onPress(message, button, node));
  return node;
}

/** The line between two days. */
export function dayLine(seconds, labels) {
  const day = new Date(seconds * 1000);
  const daysAgo = Math.round((startOfDay(new Date()) - startOfDay(day)) / 86_400_000);
  const text =
    daysAgo === 0
      ? labels.today
      : daysAgo === 1
        ? labels.yesterday
        : day.toLocaleDateString(labels.locale, {
            month: 'long',
            day: 'numeric',
            ...(daysAgo > 300 && { year: 'numeric' }),
          });
  return serviceLine(text, 'day');
}

export function serviceLine(text, kind) {
  const line = make('p', `service service-${kind}`);
  line.append(make('span', '', text));
  return line;
}

export function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

export function make(tag, className = '', text = '') {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}
