// What becomes of an order, as it happens: by server-sent events, and by asking every few seconds where those do not get through.

const POLL_MS = 5000;
const MOST_POLLS = 30;
/** A connection may be dead without anybody having been told. */
const CHECK_MS = 60_000;
/** Polls after which the events are tried again, where a proxy or a full server had refused them. */
const LISTEN_AGAIN_AFTER = 6;
const TIMEOUT_MS = 10_000;

/** The same as `fingerprint` in pages/order-state.ts. */
export function fingerprint(status) {
  const parts = [status.status, status.payment_status, status.refund_status, status.delivery ?? 'none'];
  return [...parts, ...(status.held ? ['held'] : [])].join('.');
}

/** Calls `act` once, when the server answers again: at the browser's word, and by asking. @returns stops waiting for it */
export function whenBack(act) {
  let timer;
  let over = false;
  const stop = () => {
    over = true;
    clearTimeout(timer);
    removeEventListener('online', look);
  };
  async function look() {
    clearTimeout(timer);
    const isBack = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (over) return;
    clearTimeout(timer);
    if (!isBack) timer = setTimeout(look, POLL_MS);
    else {
      stop();
      act();
    }
  }
  addEventListener('online', look);
  timer = setTimeout(look, POLL_MS);
  return stop;
}

async function ask(address) {
  const reply = await fetch(`/api/order-status/${address}`, {
    cache: 'no-store',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!reply.ok) throw new Error(`answered ${reply.status}`);
  return (await reply.json()).data;
}

/**
 * Calls `told` with the state of an order until `stop` is called; `offline` with whether the server is out of reach, and `tired` when
 * nothing came in all the time that is worth waiting. With `seldomMs` it goes on asking that seldom after that, and after the end.
 * A page that nobody sees holds no connection: a browser has six of them for all its tabs.
 */
export function follow(orderNo, { told, offline, tired, seldomMs }) {
  const address = encodeURIComponent(orderNo);
  let stopped = false;
  let ended = false;
  let polls = 0;
  let trusts = true;
  let timer;
  let events;

  const pollIn = (ms) => {
    clearTimeout(timer);
    if (!stopped && !document.hidden) timer = setTimeout(poll, ms);
  };

  async function poll() {
    try {
      const data = await ask(address);
      if (stopped) return;
      offline(false);
      told(data);
    } catch {
      if (!stopped) offline(true);
    }
    if (!stopped) pollOn();
  }

  function pollOn() {
    if (document.hidden) return;
    if (events?.readyState === EventSource.OPEN) {
      pollIn(CHECK_MS);
      return;
    }
    polls += 1;
    if (polls === MOST_POLLS && !ended) tired?.();
    const seldom = ended || polls >= MOST_POLLS;
    if (!seldom || seldomMs) pollIn(seldom ? seldomMs : POLL_MS);
    if (!ended && polls % LISTEN_AGAIN_AFTER === 0 && events?.readyState === EventSource.CLOSED) listen();
  }

  function take({ data }) {
    polls = 0;
    trusts = true;
    pollIn(CHECK_MS);
    // What was on its way already may still come through after the connection is gone.
    offline(!navigator.onLine);
    if (!stopped) told(JSON.parse(data));
  }

  function end(event) {
    ended = true;
    events.close();
    take(event);
    clearTimeout(timer);
    if (seldomMs) pollIn(seldomMs);
  }

  function listen() {
    events?.close();
    events = new EventSource(`/api/order-events/${address}`);
    events.addEventListener('status', take);
    events.addEventListener('end', end);
    // A browser connects again by itself; meanwhile, and where events never come through, the question is asked.
    events.addEventListener('error', () => {
      if (trusts) pollIn(1000);
      trusts = false;
    });
  }

  function rest() {
    clearTimeout(timer);
    events?.close();
  }

  /** The network, or the reader, was away: what is true by now, and a new connection, since the old one may be a dead one. */
  function again() {
    if (stopped || document.hidden) return;
    polls = 0;
    poll();
    if (!ended) listen();
  }

  const gone = () => offline(true);
  const seen = () => (document.hidden ? rest() : again());
  addEventListener('online', again);
  addEventListener('offline', gone);
  document.addEventListener('visibilitychange', seen);
  if (!navigator.onLine) gone();
  if (!document.hidden) listen();
  return () => {
    stopped = true;
    rest();
    removeEventListener('online', again);
    removeEventListener('offline', gone);
    document.removeEventListener('visibilitychange', seen);
  };
}
