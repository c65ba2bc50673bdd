import { make } from './messages.js';

const $ = (id) => document.getElementById(id);

/** The inside of an invoice's bubble. */
export function invoiceCard(invoice) {
  const card = make('div', 'invoice');
  card.dataset.testid = 'invoice';
  card.append(
    make('strong', 'invoice-title', invoice.title),
    make('p', 'invoice-text', invoice.description),
    make('span', 'invoice-price', `★ ${invoice.total_amount}`),
  );
  return card;
}

/** What Telegram writes into the chat when Stars have moved. */
export function moneyLine(message, labels, bot) {
  const paid = message.successful_payment;
  const { total_amount: stars } = paid ?? message.refunded_payment;
  return (paid ? labels.youPaid : labels.youGotBack)
    .replace('{stars}', `★ ${stars}`)
    .replace('{bot}', bot?.first_name ?? '');
}

/** The whole invoice is in its link. */
function readLink(slug) {
  try {
    const bytes = Uint8Array.from(atob(slug.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/**
 * The sheet on which a payment is confirmed. `hands` = { labels, me(), bot(), pay(wish), topUp(stars), toast(text) }
 * @returns { openMessage(message), openLink(slug, closed), openFromAddress(), draw() }
 */
export function setUpInvoices(hands) {
  const sheet = $('invoice-sheet');
  let wish = null;
  let shown = null;
  let busy = false;
  let outcome = 'cancelled';
  /** who opened it hears how it ended, in Telegram's words */
  let closed = () => {};

  const draw = () => {
    if (!shown) return;
    const { labels } = hands;
    const { stars: balance } = hands.me();
    const enough = balance >= shown.stars;
    $('invoice-title').textContent = shown.title;
    $('invoice-text').textContent = shown.description;
    $('invoice-bot').textContent = hands.bot().first_name;
    $('invoice-price').textContent = `★ ${shown.stars}${shown.period ? ` / ${labels.month}` : ''}`;
    $('invoice-balance').textContent = `${labels.balance} ★ ${balance}`;
    $('invoice-pay').hidden = shown.receipt || !enough;
    $('invoice-pay').disabled = busy;
    $('invoice-pay').textContent = busy ? labels.paying : `${labels.confirmPay} ★ ${shown.stars}`;
    $('invoice-top-up').hidden = shown.receipt || enough;
    $('invoice-paid').hidden = !shown.receipt;
    $('invoice-cancel').textContent = shown.receipt ? labels.close : labels.cancel;
    $('invoice-cancel').disabled = busy;
  };

  const say = (text) => {
    $('invoice-problem').textContent = text;
    $('invoice-problem').hidden = !text;
  };

  $('invoice-pay').addEventListener('click', async () => {
    busy = true;
    say('');
    draw();
    const result = await hands.pay(wish);
    busy = false;
    draw();
    if (!result) outcome = 'failed';
    if (!result) return sheet.close();
    // The bot's own words, as Telegram shows them.
    if (!result.paid) return say(result.by === 'bot' ? result.message : hands.labels.noAnswer);
    outcome = 'paid';
    sheet.close();
    hands.toast(hands.labels.paid);
  });
  $('invoice-top-up').addEventListener('click', async () => {
    await hands.topUp(1_000);
    draw();
  });
  $('invoice-cancel').addEventListener('click', () => sheet.close());
  sheet.addEventListener('close', () => {
    closed(outcome);
    closed = () => {};
  });
  sheet.addEventListener('cancel', (event) => busy && event.preventDefault());

  const open = (invoice, how) => {
    shown = invoice;
    wish = how;
    outcome = 'cancelled';
    say('');
    draw();
    sheet.showModal();
  };

  const openLink = (link, told = () => {}) => {
    const invoice = readLink(link);
    if (!invoice) {
      hands.toast(hands.labels.noInvoice);
      return told('failed');
    }
    closed = told;
    open(invoice, { link });
  };

  return {
    draw,
    openLink,
    openMessage({ invoice, message_id: messageId, receipt }) {
      const { title, description, total_amount: stars } = invoice;
      open({ title, description, stars, receipt }, { messageId });
    },
    /** The page was opened by an invoice's link: once, and not again when the connection comes back. */
    openFromAddress() {
      const query = new URLSearchParams(location.search);
      const link = query.get('invoice');
      if (!link) return;
      query.delete('invoice');
      history.replaceState(null, '', `?${query}`);
      openLink(link);
    },
  };
}
