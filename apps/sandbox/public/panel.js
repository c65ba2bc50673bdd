import { $, ask, make } from './panel-dom.js';
import { serviceBoxes, showFaults } from './panel-switches.js';

function rows(id, list, none) {
  $(id).replaceChildren(
    ...(list.length > 0 ? list : [make('tr', {}, make('td', { colspan: '6', class: 'none' }, none))]),
  );
}

const cells = (...values) => values.map((value) => make('td', {}, value));
const badge = (text, good) => make('span', { class: `state ${good ? 'good' : 'bad'}` }, text);
const amountOf = ({ minor, currency }) => `${(minor / 100).toFixed(2)} ${currency}`;

function buyerButtons({ orderId, status }) {
  const open = status === 'pending' || status === 'failed';
  const actions = open
    ? ['pay', 'fail', 'pay-twice', 'pay-late', 'pay-wrong-amount']
    : status === 'paid'
      ? ['pay-twice']
      : ['pay-late'];
  return actions.map((action) =>
    make(
      'button',
      {
        type: 'button',
        class: 'small',
        'data-testid': `${action}-${orderId}`,
        onclick: () => ask(`pingpong/${encodeURIComponent(orderId)}/${action}`, 'POST', {}).then(showPayments),
      },
      action,
    ),
  );
}

async function showPayments() {
  const { payments, refunds, notices } = await ask('pingpong');
  rows(
    'payments',
    payments.map((payment) =>
      make(
        'tr',
        {},
        ...cells(
          payment.orderId,
          amountOf(payment.amount),
          badge(payment.payLate ? 'will pay late' : payment.status, payment.status === 'paid'),
        ),
        make('td', { class: 'buttons' }, ...buyerButtons(payment)),
      ),
    ),
    'none yet 暂无',
  );
  rows(
    'refunds',
    refunds.map((refund) =>
      make(
        'tr',
        {},
        ...cells(
          refund.refundId,
          refund.orderId,
          amountOf(refund.amount),
          badge(refund.status, refund.status === 'succeeded'),
        ),
        make(
          'td',
          { class: 'buttons' },
          ...(refund.status === 'pending'
            ? ['succeeded', 'failed'].map((result) =>
                make(
                  'button',
                  {
                    type: 'button',
                    class: 'small',
                    onclick: () =>
                      ask(`pingpong/refunds/${encodeURIComponent(refund.refundId)}/${result}`, 'POST', {}).then(
                        showPayments,
                      ),
                  },
                  result,
                ),
              )
            : []),
        ),
      ),
    ),
    'none yet 暂无',
  );
  rows(
    'notices',
    notices.map(({ body, state, answers }) =>
      make(
        'tr',
        {},
        ...cells(
          body.order_id,
          `${body.status} ${body.refund_id ?? body.payment_id ?? ''}`,
          badge(state, state === 'taken'),
          answers.map((answer) => answer ?? 'no answer').join(', '),
        ),
      ),
    ),
    'none yet 暂无',
  );
}

async function showCalls() {
  const { calls } = await ask(`calls?service=${$('calls-service').value}`);
  const wanted = calls
    .filter((call) => $('calls-polls').checked || call.name !== 'getUpdates')
    .slice(-60)
    .reverse();
  rows(
    'calls',
    wanted.map((call) => {
      const request = make(
        'details',
        {},
        make('summary', {}, call.name),
        make('pre', {}, JSON.stringify(call.request, null, 2)),
      );
      const status = call.ms === null ? '…' : call.status === null ? 'dropped' : String(call.status);
      return make(
        'tr',
        {},
        make('td', {}, call.at.slice(11, 23)),
        make('td', {}, call.service),
        make('td', {}, request),
        make('td', {}, call.ms === null ? '…' : badge(status, call.status !== null && call.status < 400)),
        ...cells(String(call.ms ?? ''), call.fault ?? ''),
      );
    }),
    'none yet 暂无',
  );
}

$('services').append(...serviceBoxes());
$('reset').addEventListener('click', async () => showFaults(await ask('faults', 'DELETE')));
$('calls-service').addEventListener('change', showCalls);
$('calls-polls').addEventListener('change', showCalls);

async function refresh() {
  // An open detail would close under the reader's eyes.
  const isReading = document.querySelector('#calls details[open]') !== null;
  await Promise.all([ask('faults').then(showFaults), showPayments(), isReading ? undefined : showCalls()]).catch(() => {
    $('said').textContent = 'the sandbox does not answer';
  });
  setTimeout(refresh, document.hidden ? 10_000 : 1_500);
}
refresh();
