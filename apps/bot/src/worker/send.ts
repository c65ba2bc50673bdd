import { holdLease } from '@mingdan/db';
import { completeIfDelivered } from '@mingdan/orders';
import { dueMessages, type SenderDeps, sendDue } from '@mingdan/outbox';

/** How many chats are written to at once; Telegram allows about thirty messages a second in all. */
const SIDE_BY_SIDE = 30;
const LEASE_SECONDS = 8;
/** Rests and limits end between wake-ups: look again after this. */
const LOOK_AGAIN_MS = 500;
const GATHER_MS = 4;

export interface OutboxSender {
  wake(): void;
  stop(): Promise<void>;
}

export type OutboxSenderDeps = Omit<SenderDeps, 'signal' | 'onDelivered'> & { readonly holder: string };

/** Sends what is due, chat by chat, one process at a time. A message is sent again only if its process died between Telegram's answer and our note of it. */
export function createOutboxSender(deps: OutboxSenderDeps): OutboxSender {
  const stop = new AbortController();
  let ring: () => void = () => undefined;

  async function send(signal: AbortSignal): Promise<void> {
    const sending = new Map<number, Promise<void>>();
    const sender: SenderDeps = { ...deps, signal, onDelivered: (orderId) => completed(orderId) };
    while (!signal.aborted) {
      const bell = new Promise<void>((resolve) => {
        ring = resolve;
      });
      const due = await dueMessages(deps.db, SIDE_BY_SIDE - sending.size, [...sending.keys()]).catch(() => []);
      for (const message of due) {
        const sent = sendDue(sender, message)
          .catch((error: unknown) =>
            deps.log.error({ err: error, outbox_id: message.id }, 'a message could not be written down'),
          )
          .finally(() => {
            sending.delete(message.chatId);
            ring();
          });
        sending.set(message.chatId, sent);
      }
      await Promise.race([bell, sleep(LOOK_AGAIN_MS, signal)]);
      // Chats finish one by one: what a few milliseconds bring is looked up together.
      await sleep(GATHER_MS, signal);
      if (sending.size >= SIDE_BY_SIDE) await Promise.race([...sending.values(), aborted(signal)]);
    }
    await Promise.all(sending.values());
  }

  async function completed(orderId: number): Promise<void> {
    const orderNo = await completeIfDelivered(deps.db, orderId);
    if (orderNo) deps.log.info({ order_no: orderNo, status: 'completed' }, 'order moved');
  }

  const running = holdLease(
    {
      db: deps.db,
      name: 'outbox-sender',
      holder: deps.holder,
      seconds: LEASE_SECONDS,
      log: deps.log,
      signal: stop.signal,
    },
    send,
  );
  return {
    wake: () => ring(),
    async stop() {
      stop.abort();
      await running;
    },
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
