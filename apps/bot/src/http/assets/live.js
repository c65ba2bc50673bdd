// What becomes of an order, as it happens: by server-sent events, and by asking every few seconds where those do not get through.

const POLL_MS = 5000;
const MOST_POLLS = 30;
const TIMEOUT_MS = 10_000;

/** The same as `fingerprint` in pages/order-state.ts. */
export function fingerprint(status) {
  return [status.status, status.payment_status, status.refund_status, status.delivery ?? 'none'].join('.');
}

/**
 * Calls `told` with the state of an order until `stop` is called; `offline` with whether the server is out of reach, and `tired` when
 * nothing came in all the time that is worth waiting.
 */
export function follow(orderNo, { told, offline, tired }) {
  const address = encodeURIComponent(orderNo);
  let stopped = false;
  let polls = 0;
  let timer;
  let events;

  async function poll() {
    clearTimeout(timer);
    if (stopped) return;
    try {
      const reply = await fetch(`/api/order-status/${address}`, {
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!reply.ok) throw new Error(`answered ${reply.status}`);
      const { data } = await reply.json();
      offline(false);
      if (!stopped) told(data);
    } catch {
      offline(true);
    }
    polls += 1;
    if (stopped) return;
    if (polls >= MOST_POLLS) tired();
    else timer = setTimeout(poll, POLL_MS);
  }

  function listen() {
    events = new EventSource(`/api/order-events/${address}`);
    const take = ({ data }) => {
      clearTimeout(timer);
      timer = undefined;
      // What was on its way already may still come through after the connection is gone.
      offline(!navigator.onLine);
      if (!stopped) told(JSON.parse(data));
    };
    events.addEventListener('status', take);
    events.addEventListener('end', (event) => {
      take(event);
      events.close();
    });
    // A browser connects again by itself; meanwhile, and where events never come through, the question is asked.
    events.addEventListener('error', () => {
      timer ??= setTimeout(poll, 1000);
    });
  }

  const again = () => {
    if (stopped) return;
    polls = 0;
    poll();
    if (events.readyState === EventSource.CLOSED) listen();
  };
  const gone = () => offline(true);
  addEventListener('online', again);
  addEventListener('offline', gone);
  if (!navigator.onLine) gone();
  listen();
  return () => {
    stopped = true;
    clearTimeout(timer);
    events.close();
    removeEventListener('online', again);
    removeEventListener('offline', gone);
  };
}
