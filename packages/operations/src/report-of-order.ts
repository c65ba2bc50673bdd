import { deliveryMessages, type RenderedReport, renderedReport } from '@mingdan/fulfilment';
import { findOrder, type Order, savedSteps } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import type { OperationDeps } from './contract.ts';
import { orderLink } from './order-link.ts';

/** The report of an order as it was written, or undefined where there is none (yet, or it was forgotten). */
export async function readReport(deps: OperationDeps, order: Order): Promise<RenderedReport | undefined> {
  const saved = await savedSteps(deps.db, deps.vault, order.id);
  return renderedReport(new Map([...saved].map(([name, step]) => [name, step.result])));
}

const ONCE_IN_MS = 30_000;

/** Sends a delivered report again. Two taps within half a minute send it once. */
export async function resendReport(deps: OperationDeps, orderNo: string): Promise<'queued' | 'not_ready'> {
  const order = await findOrder(deps.db, orderNo);
  if (order?.status !== 'completed' || order.chatId === null) return 'not_ready';
  const report = await readReport(deps, order);
  if (!report) return 'not_ready';
  const key = `resend:${orderNo}:${Math.floor(deps.clock.now().getTime() / ONCE_IN_MS)}`;
  await enqueue(
    deps.db,
    deps.vault,
    deliveryMessages(order, order.chatId, report, orderLink(deps.settings, orderNo), key),
  );
  return 'queued';
}
