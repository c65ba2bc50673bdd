import { $, ask, make } from './panel-dom.js';

const TIMES = ['times', 'times', 'number', ''];
const ONLY = ['only', 'only', 'text', ''];
const SKIP = ['skip', 'skip first', 'number', '0'];

/** The switches of each service: key → [title, fields as [name, label, type or options, value]]. */
const FAULTS = {
  slow: ['Slow 慢', [['ms', 'ms', 'number', '3000'], TIMES, ONLY]],
  fail: [
    'Fail 出错',
    [['status', 'status', [500, 502, 503, 429, 400, 401, 402, 403, 404, 409, 422], '500'], TIMES, SKIP, ONLY],
  ],
  drop: [
    'Drop the connection 断线',
    [
      [
        'when',
        'when',
        [
          ['before', 'before the work'],
          ['after', 'after the work'],
        ],
        'before',
      ],
      TIMES,
      SKIP,
      ONLY,
    ],
  ],
};
const ENDING = [
  'Answers end badly 回答不完整',
  [
    ['kind', 'how', ['length', 'content_filter', 'insufficient_system_resource', 'cut', 'empty', 'stall'], 'length'],
    TIMES,
    SKIP,
  ],
];
const SERVICES = {
  telegram: ['Telegram', FAULTS],
  pingpong: ['PingPong', FAULTS],
  deepseek: ['DeepSeek', { ...FAULTS, ending: ENDING }],
  yuanfenju: ['缘份居 Yuanfenju', FAULTS],
};

async function put(patch) {
  showFaults(await ask('faults', 'PUT', patch));
}

function input([name, label, type, value]) {
  const field = Array.isArray(type)
    ? make(
        'select',
        { name },
        ...type.map((option) => {
          const [key, text] = Array.isArray(option) ? option : [String(option), String(option)];
          return make('option', { value: key, selected: key === value }, text);
        }),
      )
    : make('input', {
        name,
        type,
        value,
        min: type === 'number' ? '0' : undefined,
        size: type === 'text' ? '14' : undefined,
      });
  return make('label', {}, `${label} `, field);
}

function readForm(form, fields) {
  return Object.fromEntries(
    fields.flatMap(([name, , type]) => {
      const value = form.elements[name].value.trim();
      const isNumber = type === 'number' || name === 'status';
      if (name === 'times') return [[name, value === '' || value === '0' ? null : Number(value)]];
      return [[name, isNumber ? Number(value) : value]];
    }),
  );
}

function faultForm(service, key, [title, fields]) {
  const form = make('form', { class: 'fault', id: `${service}-${key}`, 'data-testid': `${service}-${key}` });
  const toggle = make('button', { class: 'toggle', 'aria-pressed': 'false' }, 'off');
  form.append(make('strong', {}, title), ...fields.map(input), toggle);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const isOn = toggle.getAttribute('aria-pressed') === 'true';
    put({ [service]: { [key]: isOn ? null : readForm(form, fields) } });
  });
  return form;
}

/** A value that acts as soon as it is changed. */
function setting(label, id, attributes, patch) {
  const isTick = attributes.type === 'checkbox';
  const field = make('input', { id, 'data-testid': id, ...attributes });
  field.addEventListener('change', () =>
    put(patch(isTick ? field.checked : field.value === '' ? null : Number(field.value))),
  );
  return make('label', isTick ? { class: 'tick' } : {}, ...(isTick ? [field, label] : [`${label} `, field]));
}

function extras(service) {
  const number = { type: 'number', min: '0' };
  const tick = { type: 'checkbox' };
  if (service === 'telegram') {
    return [
      setting('sending limits on', 'limits-on', tick, (on) => ({ telegram: { limits: { on } } })),
      setting('burst per chat', 'limits-burst', number, (burst) => ({ telegram: { limits: { burst } } })),
      setting('messages a second in all', 'limits-second', number, (perSecond) => ({
        telegram: { limits: { perSecond } },
      })),
    ];
  }
  if (service === 'pingpong') {
    const refunds = make(
      'select',
      { id: 'refunds-mode', 'data-testid': 'refunds-mode' },
      ...['succeed', 'stay_pending', 'fail'].map((mode) => make('option', {}, mode)),
    );
    refunds.addEventListener('change', () => put({ pingpong: { refunds: refunds.value } }));
    return [
      setting('further copies of each notice', 'notices-repeat', number, (repeat) => ({
        pingpong: { notices: { repeat: repeat ?? 0 } },
      })),
      setting('lose the next notices (empty = all)', 'notices-lose', number, (lose) => ({
        pingpong: { notices: { lose } },
      })),
      setting('out of order: a stale “failed” after “paid”', 'notices-order', tick, (outOfOrder) => ({
        pingpong: { notices: { outOfOrder } },
      })),
      make('label', {}, 'refunds ', refunds),
    ];
  }
  if (service === 'deepseek')
    return [
      setting('ms to write one answer', 'writing-ms', number, (writingMs) => ({
        deepseek: { writingMs: writingMs ?? 0 },
      })),
    ];
  return [];
}

/** Shows how every switch stands. */
export function showFaults(faults) {
  for (const [service, [, kinds]] of Object.entries(SERVICES)) {
    let broken = 0;
    for (const key of Object.keys(kinds)) {
      const fault = faults[service][key];
      const toggle = $(`${service}-${key}`).querySelector('.toggle');
      toggle.setAttribute('aria-pressed', String(fault !== null));
      toggle.textContent = fault === null ? 'off' : fault.times === null ? 'on' : `on · ${fault.times} left`;
      if (fault !== null) broken += 1;
    }
    $(`${service}-state`).textContent = broken === 0 ? 'works 正常' : 'disturbed 受扰';
    $(`${service}-state`).className = broken === 0 ? 'state good' : 'state bad';
  }
  const { limits } = faults.telegram;
  const { notices, refunds } = faults.pingpong;
  set('limits-on', limits.on);
  set('limits-burst', limits.burst);
  set('limits-second', limits.perSecond);
  set('notices-repeat', notices.repeat);
  set('notices-lose', notices.lose ?? '');
  set('notices-order', notices.outOfOrder);
  set('refunds-mode', refunds);
  set('writing-ms', faults.deepseek.writingMs);
}

function set(id, value) {
  const field = $(id);
  if (document.activeElement === field) return;
  if (field.type === 'checkbox') field.checked = value;
  else field.value = value;
}

/** One box a service, with its switches. */
export function serviceBoxes() {
  return Object.entries(SERVICES).map(([service, [title, kinds]]) =>
    make(
      'section',
      { class: 'service', 'aria-label': title },
      make('h2', {}, title, ' ', make('span', { id: `${service}-state`, class: 'state good' }, '')),
      ...Object.entries(kinds).map(([key, fault]) => faultForm(service, key, fault)),
      make('div', { class: 'extras' }, ...extras(service)),
    ),
  );
}
