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
/** service → [title, its switches]; the gateways are those that are played */
let services = {};
let gatewayNames = [];

function learn(gateways) {
  gatewayNames = gateways.map((gateway) => gateway.name);
  services = {
    telegram: ['Telegram', FAULTS],
    ...Object.fromEntries(gateways.map((gateway) => [gateway.name, [gateway.title, FAULTS]])),
    deepseek: ['DeepSeek', { ...FAULTS, ending: ENDING }],
    yuanfenju: ['缘份居 Yuanfenju', FAULTS],
  };
}

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
  if (gatewayNames.includes(service)) return gatewayExtras(service);
  if (service === 'deepseek')
    return [
      setting('ms to write one answer', 'writing-ms', number, (writingMs) => ({
        deepseek: { writingMs: writingMs ?? 0 },
      })),
    ];
  return [];
}

/** What a gateway's notices and refunds can do wrong: key → label, type. */
const NOTICES = {
  repeat: ['further copies of each notice', 'number'],
  lose: ['lose the next notices (empty = all)', 'number'],
  corrupt: ['change a byte of the next tries (empty = all)', 'number'],
  stale: ['sign the next tries a day ago (empty = all)', 'number'],
  lateMs: ['send each notice later, ms', 'number'],
  outOfOrder: ['out of order: a stale “failed” after “paid”', 'checkbox'],
};
const REFUNDS = { succeed: 'succeed 成功', stay_pending: 'stay pending 处理中', fail: 'fail 失败' };
const NULL_MEANS_ALL = ['lose', 'corrupt', 'stale'];

function gatewayExtras(service) {
  const refunds = make(
    'select',
    { id: `${service}-refunds`, 'data-testid': `${service}-refunds` },
    ...Object.entries(REFUNDS).map(([value, text]) => make('option', { value }, text)),
  );
  refunds.addEventListener('change', () => put({ [service]: { refunds: refunds.value } }));
  return [
    ...Object.entries(NOTICES).map(([key, [label, type]]) =>
      setting(label, `${service}-${key}`, { type, ...(type === 'number' && { min: '0' }) }, (value) => ({
        [service]: { notices: { [key]: value ?? (NULL_MEANS_ALL.includes(key) ? null : 0) } },
      })),
    ),
    make('label', {}, 'refunds 退款 ', refunds),
  ];
}

/** Switches of a gateway beside those that every service has. @returns how many are not as usual */
function showGatewayExtras(service, { notices, refunds }) {
  for (const [key, value] of Object.entries(notices)) set(`${service}-${key}`, value ?? '');
  set(`${service}-refunds`, refunds);
  const changed = Object.values(notices).filter((value) => value !== 0 && value !== false).length;
  return changed + (refunds === 'succeed' ? 0 : 1);
}

/** Shows how every switch stands. */
export function showFaults(faults) {
  for (const [service, [, kinds]] of Object.entries(services)) {
    let broken = gatewayNames.includes(service) ? showGatewayExtras(service, faults[service]) : 0;
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
  set('limits-on', limits.on);
  set('limits-burst', limits.burst);
  set('limits-second', limits.perSecond);
  set('writing-ms', faults.deepseek.writingMs);
}

function set(id, value) {
  const field = $(id);
  if (document.activeElement === field) return;
  if (field.type === 'checkbox') field.checked = value;
  else field.value = value;
}

/** One box a service, with its switches. @param gateways those that are played, with name and title */
export function serviceBoxes(gateways) {
  learn(gateways);
  return Object.entries(services).map(([service, [title, kinds]]) =>
    make(
      'details',
      { class: 'service', 'data-testid': `service-${service}` },
      make('summary', {}, make('h2', {}, title), make('span', { id: `${service}-state`, class: 'state good' }, '')),
      ...Object.entries(kinds).map(([key, fault]) => faultForm(service, key, fault)),
      make('div', { class: 'extras' }, ...extras(service)),
    ),
  );
}
