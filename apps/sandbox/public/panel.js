import { $, ask, badge, make } from './panel-dom.js';
import { showPayments } from './panel-payments.js';
import { serviceBoxes, showFaults } from './panel-switches.js';

function rows(id, list, none) {
  $(id).replaceChildren(
    ...(list.length > 0 ? list : [make('tr', {}, make('td', { colspan: '6', class: 'none' }, none))]),
  );
}

const cells = (...values) => values.map((value) => make('td', {}, value));

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

const { gateways } = await ask('gateways');
const options = gateways.map(({ name, title }) => make('option', { value: name }, title));
$('payments-gateway').append(...options);
$('calls-service').append(
  ...['telegram', ...gateways.map(({ name }) => name), 'deepseek', 'yuanfenju'].map((name) => make('option', {}, name)),
);
$('services').append(...serviceBoxes(gateways));
$('reset').addEventListener('click', async () => showFaults(await ask('faults', 'DELETE')));
$('payments-gateway').addEventListener('change', showPayments);
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
