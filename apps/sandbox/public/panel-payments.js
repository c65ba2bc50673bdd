import { $, ask, badge, make } from './panel-dom.js';

let shown = '';

/** Does it, and shows at once what came of it. */
function button(label, path, { title, testid, body = {} } = {}) {
  const act = async () => {
    await ask(path, 'POST', body);
    await showPayments();
  };
  return make('button', { type: 'button', class: 'small', title, 'data-testid': testid, onclick: act }, label);
}

function buttons(gateway, payment) {
  const id = encodeURIComponent(payment.paymentId);
  const ofBuyer = payment.actions.map(({ name, zh, en, note }) =>
    button(`${zh} ${en}`, `${gateway.name}/${id}/${name}`, {
      title: note || undefined,
      testid: `${name}-${payment.orderId}`,
    }),
  );
  const ofConsole = [];
  if (payment.refundable)
    ofConsole.push(
      button('后台退款 Refund in its console', `${gateway.name}/${id}/console-refund`, {
        testid: `console-refund-${payment.orderId}`,
      }),
      partRefund(gateway, payment),
    );
  if (payment.disputable)
    ofConsole.push(button('拒付 Dispute', `${gateway.name}/${id}/dispute`, { testid: `dispute-${payment.orderId}` }));
  return [group('买家 Buyer', ofBuyer), ...(ofConsole.length > 0 ? [group('网关后台 Console', ofConsole)] : [])];
}

function group(title, children) {
  return make('div', { class: 'buttons' }, make('span', { class: 'faint' }, title), ...children);
}

/** Half of the first charge, as somebody does who gives a discount afterwards. */
function partRefund(gateway, payment) {
  const minor = Math.max(1, Math.floor(payment.charges[0].amount.minor / 2));
  return button('退一半 Half', `${gateway.name}/${encodeURIComponent(payment.paymentId)}/console-refund`, {
    body: { minor },
    testid: `console-half-${payment.orderId}`,
  });
}

/** What is still under way is neither good nor bad. */
const OPEN = ['pending', 'processing', 'will pay late', 'open', 'waiting', 'sending'];

function mark(state, good) {
  return OPEN.includes(state) ? make('span', { class: 'state' }, state) : badge(state, good);
}

const time = (iso) => iso.slice(11, 19);

function line(...children) {
  return make('li', {}, ...children.flatMap((child) => (child === null ? [] : [child, ' '])));
}

function refundLine(gateway, refund) {
  const path = `${gateway.name}/refunds/${encodeURIComponent(refund.refundId)}`;
  const open = refund.status === 'pending';
  return line(
    time(refund.at),
    `退款 refund ${refund.text}${refund.madeIn === 'console' ? ' (console)' : ''}`,
    mark(refund.status, refund.status === 'succeeded'),
    open ? button('succeeded', `${path}/succeeded`) : null,
    open ? button('failed', `${path}/failed`) : null,
    make('small', {}, refund.refundId),
  );
}

function disputeLine(gateway, dispute) {
  const path = `${gateway.name}/disputes/${encodeURIComponent(dispute.disputeId)}`;
  const open = dispute.status === 'open';
  return line(
    time(dispute.at),
    `拒付 dispute ${dispute.text}`,
    mark(dispute.status, dispute.status === 'won'),
    open ? button('won', `${path}/won`) : null,
    open ? button('lost', `${path}/lost`) : null,
  );
}

function noticeLine(gateway, { id, at, says, state, answers, fault, body }) {
  const told = answers.map((answer) => answer ?? 'no answer').join(', ');
  return line(
    time(at),
    make('details', {}, make('summary', {}, `通知 ${says}`), make('pre', {}, JSON.stringify(body, null, 2))),
    mark(state, state === 'taken'),
    told ? make('small', {}, told) : null,
    fault ? make('small', { class: 'bad-text' }, fault) : null,
    button('再发 again', `${gateway.name}/notices/${id}/again`),
  );
}

function card(gateway, payment) {
  const mine = (list) => list.filter(({ paymentId }) => paymentId === payment.paymentId);
  const events = [
    ...payment.charges.map((charge) => [
      charge.at,
      line(time(charge.at), `到账 received ${charge.text}`, make('small', {}, charge.paymentId)),
    ]),
    ...mine(gateway.refunds).map((refund) => [refund.at, refundLine(gateway, refund)]),
    ...mine(gateway.disputes).map((dispute) => [dispute.at, disputeLine(gateway, dispute)]),
    ...gateway.notices
      .filter(({ orderId }) => orderId === payment.orderId)
      .map((notice) => [notice.at, noticeLine(gateway, notice)]),
  ].sort(([a], [b]) => a.localeCompare(b));
  const state = payment.payLate ? 'will pay late' : payment.status;
  return make(
    'article',
    { class: 'payment', 'data-testid': `payment-${payment.orderId}` },
    make(
      'h3',
      {},
      make('a', { href: `/${gateway.name}/checkout/${encodeURIComponent(payment.paymentId)}` }, payment.orderId),
      ' ',
      mark(state, payment.status === 'paid'),
    ),
    make(
      'p',
      { class: 'faint' },
      `${gateway.title} · ${payment.text} · ${time(payment.createdAt)} · ${payment.subject}`,
    ),
    ...buttons(gateway, payment),
    ...(events.length > 0 ? [make('ol', { class: 'events' }, ...events.map(([, item]) => item))] : []),
  );
}

/** The newest payments of all gateways, each with what came of it. */
export async function showPayments() {
  const { gateways } = await ask('gateways');
  const wanted = $('payments-gateway').value;
  const text = JSON.stringify([wanted, gateways]);
  // Nothing has changed: a detail that is open stays open, and a button stays under the finger.
  if (text === shown) return;
  shown = text;
  const all = gateways
    .filter(({ name }) => wanted === '' || name === wanted)
    .flatMap((gateway) => gateway.payments.map((payment) => [gateway, payment]))
    .sort(([, a], [, b]) => b.createdAt.localeCompare(a.createdAt))
    .slice(0, 30);
  $('payments').replaceChildren(
    ...(all.length > 0
      ? all.map(([gateway, payment]) => card(gateway, payment))
      : [make('p', { class: 'none' }, 'none yet 暂无')]),
  );
}
