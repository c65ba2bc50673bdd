import type { Logger } from '@mingdan/kernel';
import type { FaultBoard } from '../faults.ts';
import type { Door } from '../service-door.ts';
import type { Gateway, Stand } from './contract.ts';
import { type GatewayName, gateways } from './index.ts';
import { takeOne } from './till/faults.ts';
import { Ledger, type Payment } from './till/ledger.ts';
import { NoticeSender } from './till/notices.ts';
import { Till } from './till/till.ts';

/** A gateway that answers. */
export interface OpenGateway {
  readonly gateway: Gateway<GatewayName>;
  readonly till: Till;
  readonly stand: Stand;
}

export interface OpenOptions {
  /** by gateway; one without keys stays closed */
  readonly keys: Readonly<Partial<Record<GatewayName, unknown>>>;
  /** instead of each gateway's own schedule, milliseconds */
  readonly retryMs: readonly number[] | undefined;
  readonly faults: FaultBoard;
  readonly door: Door;
  readonly log: Logger;
  /** root of the sandbox; known once the port is */
  readonly url: () => string;
  /** root of the merchant's webhook process; '' where nobody has said */
  readonly webhookUrl: () => string;
}

/** Opens every gateway that has keys. */
export function openGateways(options: OpenOptions): ReadonlyMap<GatewayName, OpenGateway> {
  const open = new Map<GatewayName, OpenGateway>();
  for (const gateway of gateways) {
    const keys = options.keys[gateway.name];
    if (keys !== undefined) open.set(gateway.name, openOne(gateway, keys, options));
  }
  return open;
}

function openOne(gateway: Gateway<GatewayName>, keys: unknown, options: OpenOptions): OpenGateway {
  const { faults, log } = options;
  const ledger = new Ledger(gateway.ids);
  const board = () => faults.of(gateway.name);
  const sender = new NoticeSender({
    retryMs: options.retryMs ?? gateway.retryMs,
    timeoutMs: gateway.noticeTimeoutMs ?? 10_000,
    accepts: (answer) => gateway.accepts(answer),
    faults: {
      read: () => board().notices,
      takeLost: () => takeOne(board().notices, 'lose'),
      takeCorrupt: () => takeOne(board().notices, 'corrupt'),
      takeStale: () => takeOne(board().notices, 'stale'),
    },
    log,
    onChange: () => ledger.changed(),
  });
  const till = new Till({ ledger, sender, faults: board, refundMs: gateway.refundMs ?? 0, stand: () => stand, log });
  const base = () => `${options.url()}/${gateway.name}`;
  const pageOf = (payment: Payment) => `${base()}/checkout/${encodeURIComponent(payment.paymentId)}`;
  const webhookUrl = () => (options.webhookUrl() === '' ? '' : `${options.webhookUrl()}/webhook/${gateway.name}`);
  const stand = gateway.open({ keys, till, door: options.door, base, webhookUrl, pageOf, log });
  return { gateway, till, stand };
}
