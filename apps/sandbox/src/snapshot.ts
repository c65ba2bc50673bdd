import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, messageOf } from '@mingdan/kernel';
import type { GatewayName } from './gateways/index.ts';
import type { OpenGateway } from './gateways/open.ts';
import type { Dispute, Ledger, Payment, Refund } from './gateways/till/ledger.ts';
import type { Person, World } from './telegram/world.ts';

const FILE = 'sandbox.json';
const SAVE_AFTER_MS = 500;

interface SavedBooks {
  payments: Payment[];
  refunds: Refund[];
  disputes: Dispute[];
}

interface Saved {
  people: Person[];
  /** missing in what an older sandbox wrote */
  gateways?: Partial<Record<GatewayName, SavedBooks>>;
}

type Gateways = ReadonlyMap<GatewayName, OpenGateway>;

/**
 * Keeps chats and payments over a restart, so that an order that waits for its payment can still be paid afterwards.
 * @returns writes what is not written yet, and stops
 */
export function keepSnapshot(folder: string, world: World, gateways: Gateways, log: Logger): () => void {
  restore(folder, world, gateways, log);
  let timer: NodeJS.Timeout | undefined;
  const save = () => {
    timer = undefined;
    write(folder, world, gateways, log);
  };
  const soon = () => {
    timer ??= setTimeout(save, SAVE_AFTER_MS);
  };
  world.changes.add(soon);
  for (const { till } of gateways.values()) till.ledger.changes.add(soon);
  return () => {
    if (timer) save();
    clearTimeout(timer);
    world.changes.delete(soon);
    for (const { till } of gateways.values()) till.ledger.changes.delete(soon);
  };
}

function restore(folder: string, world: World, gateways: Gateways, log: Logger): void {
  try {
    const saved: Saved = JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
    world.restore(saved.people);
    for (const [name, { till }] of gateways) {
      const books = saved.gateways?.[name];
      for (const payment of books?.payments ?? []) till.ledger.payments.set(payment.paymentId, payment);
      for (const refund of books?.refunds ?? []) till.ledger.refunds.set(refund.refundId, refund);
      for (const dispute of books?.disputes ?? []) till.ledger.disputes.set(dispute.disputeId, dispute);
    }
  } catch (error) {
    const isMissing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) log.warn({ why: messageOf(error) }, 'the saved chats could not be read; starting without them');
  }
}

function booksOf({ payments, refunds, disputes }: Ledger): SavedBooks {
  return { payments: [...payments.values()], refunds: [...refunds.values()], disputes: [...disputes.values()] };
}

function write(folder: string, world: World, gateways: Gateways, log: Logger): void {
  const saved: Saved = {
    people: world.people(),
    gateways: Object.fromEntries([...gateways].map(([name, { till }]) => [name, booksOf(till.ledger)])),
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, FILE);
    // A crash while writing must not cost what was saved before.
    writeFileSync(`${path}.new`, JSON.stringify(saved), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    log.warn({ why: messageOf(error) }, 'chats could not be saved');
  }
}
