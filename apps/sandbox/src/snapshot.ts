import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Logger, messageOf } from '@mingdan/kernel';
import type { Ledger, Payment, Refund } from './gateways/pingpong/ledger.ts';
import type { Person, World } from './telegram/world.ts';

const FILE = 'sandbox.json';
const SAVE_AFTER_MS = 500;

interface Saved {
  people: Person[];
  payments: Payment[];
  refunds: Refund[];
}

/**
 * Keeps chats and payments over a restart, so that an order that waits for its payment can still be paid afterwards.
 * @returns writes what is not written yet, and stops
 */
export function keepSnapshot(folder: string, world: World, ledger: Ledger, log: Logger): () => void {
  restore(folder, world, ledger, log);
  let timer: NodeJS.Timeout | undefined;
  const save = () => {
    timer = undefined;
    write(folder, world, ledger, log);
  };
  const soon = () => {
    timer ??= setTimeout(save, SAVE_AFTER_MS);
  };
  world.changes.add(soon);
  ledger.changes.add(soon);
  return () => {
    if (timer) save();
    clearTimeout(timer);
    world.changes.delete(soon);
    ledger.changes.delete(soon);
  };
}

function restore(folder: string, world: World, ledger: Ledger, log: Logger): void {
  try {
    const saved: Saved = JSON.parse(readFileSync(join(folder, FILE), 'utf8'));
    world.restore(saved.people);
    for (const payment of saved.payments) ledger.payments.set(payment.orderId, payment);
    for (const refund of saved.refunds) ledger.refunds.set(refund.refundId, refund);
  } catch (error) {
    const isMissing = typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
    if (!isMissing) log.warn({ why: messageOf(error) }, 'the saved chats could not be read; starting without them');
  }
}

function write(folder: string, world: World, ledger: Ledger, log: Logger): void {
  const saved: Saved = {
    people: world.people(),
    payments: [...ledger.payments.values()],
    refunds: [...ledger.refunds.values()],
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
