// Sends the calls of the page of the API as they were filled in, and shows what comes back while it comes.
// Keys stay in the fields of this page: nothing is stored.

const EXAMPLES = /^(?:REPORT|COIN)_20261121_7K3M9QXA$/;
/** What the last answers told, put in where a call still holds an example. */
const known = new Map();
const fields = { orderNo: ['order_no', 'order_id', 'orderId', 'id'], token: ['t'] };

const keyOf = (name) => document.querySelector(`[data-key="${name}"]`)?.value.trim() ?? '';

async function hmac(key, text) {
  const bytes = new TextEncoder();
  const rule = { name: 'HMAC', hash: 'SHA-256' };
  const secret = await crypto.subtle.importKey('raw', bytes.encode(key), rule, false, ['sign']);
  const made = new Uint8Array(await crypto.subtle.sign('HMAC', secret, bytes.encode(text)));
  return [...made].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function addressOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll('[data-in]')) {
    const value = input.value.trim();
    if (input.dataset.in === 'path') path = path.replace(`{${input.name}}`, encodeURIComponent(value));
    else if (value !== '') query.set(input.name, value);
  }
  return query.size === 0 ? path : `${path}?${query}`;
}

async function headersOf(form, address, body) {
  const caller = form.querySelector('[data-caller]').value;
  const key = keyOf(caller);
  const headers = { Accept: '*/*', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
  if (key === '') return headers;
  headers.Authorization = `Bearer ${key}`;
  if (caller === 'apiKey' && document.querySelector('#sign').checked) {
    const now = Math.floor(Date.now() / 1000);
    headers['X-Timestamp'] = String(now);
    headers['X-Signature'] = await hmac(key, `${now}.${form.dataset.method} ${address}\n${body ?? ''}`);
  }
  return headers;
}

async function show(reply, out) {
  const isJson = reply.headers.get('content-type')?.includes('json');
  const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    text += part.value;
    out.textContent = text;
  }
  if (!isJson) return undefined;
  const answer = JSON.parse(text);
  out.textContent = JSON.stringify(answer, null, 2);
  return answer;
}

/** Whoever made an order goes on with it, and whoever signed in is signed in. */
function remember(answer) {
  if (typeof answer?.token === 'string') document.querySelector('[data-key="session"]').value = answer.token;
  const order = answer?.data;
  if (typeof order?.order_no !== 'string') return;
  const token = order.order_url ? new URL(order.order_url).searchParams.get('t') : undefined;
  for (const [name, value] of [
    ['orderNo', order.order_no],
    ['token', token],
  ])
    if (value) fillIn(name, value);
}

function fillIn(name, value) {
  const before = known.get(name);
  const isOurs = (old) => old === before || EXAMPLES.test(old) || (name === 'token' && old === '');
  for (const input of document.querySelectorAll('[data-in]'))
    if (fields[name].includes(input.name) && isOurs(input.value)) input.value = value;
  for (const text of document.querySelectorAll('[data-body]')) {
    const body = parsed(text.value) ?? {};
    const field = fields[name].find((each) => typeof body[each] === 'string' && isOurs(body[each]));
    if (field !== undefined) text.value = JSON.stringify({ ...body, [field]: value }, null, 2);
  }
  known.set(name, value);
}

/** A payment is played at its gateway once its page was opened there. */
function offerPage(outcome, address) {
  if (!/^https?:\/\//.test(address ?? '')) return;
  const link = document.createElement('a');
  link.href = address;
  link.target = '_blank';
  link.rel = 'noopener';
  link.textContent = outcome.dataset.open;
  outcome.append(' · ', link);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function send(form) {
  const call = form.closest('.call');
  const [outcome, out, stop] = ['[data-outcome]', '[data-reply]', '[data-stop]'].map((what) =>
    call.querySelector(what),
  );
  const body = form.querySelector('[data-body]')?.value;
  out.hidden = true;
  out.textContent = '';
  if (body !== undefined && parsed(body) === undefined) {
    outcome.textContent = outcome.dataset.notJson;
    return;
  }
  const leaving = new AbortController();
  stop.onclick = () => leaving.abort();
  stop.hidden = false;
  outcome.textContent = outcome.dataset.busy;
  const start = performance.now();
  try {
    const address = addressOf(form);
    const headers = await headersOf(form, address, body);
    const reply = await fetch(address, { method: form.dataset.method, headers, body, signal: leaving.signal });
    outcome.textContent = `${reply.status} ${reply.statusText}`;
    out.hidden = false;
    const answer = await show(reply, out);
    outcome.textContent = `${reply.status} ${reply.statusText} · ${Math.round(performance.now() - start)} ms`;
    if (reply.ok) remember(answer);
    offerPage(outcome, answer?.data?.payment_url);
  } catch {
    if (!leaving.signal.aborted) outcome.textContent = outcome.dataset.unreachable;
  } finally {
    stop.hidden = true;
  }
}

function open() {
  const call = document.querySelector(`details[id="${CSS.escape(location.hash.slice(1))}"]`);
  if (!call) return;
  call.open = true;
  call.scrollIntoView();
}

document.addEventListener('submit', (event) => {
  event.preventDefault();
  send(event.target);
});
addEventListener('hashchange', open);
open();
