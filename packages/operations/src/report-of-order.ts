import { row } from '@mingdan/db';
import { codesMessages, deliveryMessages, type RenderedReport, renderedReport, tellBuyer } from '@mingdan/fulfilment';
import { codesOfOrder, findOrder, type Order, savedSteps } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';
import type { OperationDeps } from './contract.ts';
import { orderLink } from './order-link.ts';

/** The report of an order as it was written, or undefined where there is none (yet, or it was forgotten). */
export async function readReport(deps: OperationDeps, order: Order): Promise<RenderedReport | undefined> {
  const saved = await savedSteps(deps.db, deps.vault, order.id);
  return renderedReport(new Map([...saved].map(([name, step]) => [name, step.result])));
}

const ONCE_IN_MS = 30_000;

/** Sends a delivered report, or delivered codes, again. Two taps within half a minute send it once. */
export async function resendReport(deps: OperationDeps, orderNo: string): Promise<'queued' | 'not_ready'> {
  const order = await findOrder(deps.db, orderNo);
  if (order?.status !== 'completed' || (order.chatId === null && order.email === null)) return 'not_ready';
  if (order.kind === 'goods') return resendCodes(deps, order);
  const report = await readReport(deps, order);
  if (!report) return 'not_ready';
  const key = `resend:${orderNo}:${turn(deps)}`;
  if (order.chatId === null) {
    const message = { template: 'report_ready', params: { orderNo, product: order.productNames } } as const;
    await tellBuyer(deps.db, deps.vault, order, { dedupeKey: key, message });
    return 'queued';
  }
  await enqueue(
    deps.db,
    deps.vault,
    deliveryMessages(order, order.chatId, report, orderLink(deps.settings, orderNo), key),
  );
  return 'queued';
}

const turn = (deps: OperationDeps): number => Math.floor(deps.clock.now().getTime() / ONCE_IN_MS);

/** To a chat only what was seen before: what is new is shown by its delivery, or on the order page. */
async function resendCodes(deps: OperationDeps, order: Order): Promise<'queued' | 'not_ready'> {
  if (order.chatId === null || order.delivery !== 'delivered' || !(await wereSeen(deps, order))) return 'not_ready';
  const codes = await codesOfOrder(deps.db, deps.vault, order.id, false);
  const link = orderLink(deps.settings, order.orderNo);
  await enqueue(deps.db, deps.vault, codesMessages(order, order.chatId, codes, link, `resend:${turn(deps)}`));
  return 'queued';
}

async function wereSeen(deps: OperationDeps, order: Order): Promise<boolean> {
  const codes = await row<{ seen: number; unseen: number }>(
    deps.db,
    `select count(shown_at) as seen, count(*) - count(shown_at) as unseen from inventory_items where order_id = :id and status = 'sold'`,
    { id: order.id },
  );
  return codes !== undefined && codes.seen > 0 && codes.unseen === 0;
}
