import { row, rows } from '@mingdan/db';
import { dayText } from '@mingdan/fulfilment';
import type { Localised } from '@mingdan/kernel';
import { type OperationDeps, tellOperators } from '@mingdan/operations';
import { takeEndingMemberships } from '@mingdan/orders';
import { enqueue } from '@mingdan/outbox';

/** How many days before its end a member is told; the nearest first, so that nobody is told of both at once. */
const DAYS_BEFORE = [1, 7] as const;
const BATCH = 200;

/** Members hear that theirs ends, once for each number of days; marked and said in one transaction. */
export async function remindMembers({ db, vault }: OperationDeps): Promise<void> {
  for (const days of DAYS_BEFORE) {
    for (;;) {
      const told = await db.transaction(async (tx) => {
        const ending = await takeEndingMemberships(tx, days, BATCH);
        const messages = ending.flatMap(({ userId, telegramId: chatId, endsAt }) =>
          chatId === null
            ? []
            : [
                {
                  chatId,
                  userId,
                  dedupeKey: `member-ending:${userId}:${endsAt.toISOString()}:${days}`,
                  message: {
                    template: 'membership_ending',
                    params: { until: dayText(endsAt), days },
                    buttons: [[{ label: 'renew', callbackData: 'member' }]],
                  },
                } as const,
              ],
        );
        if (messages.length > 0) await enqueue(tx, vault, messages);
        return ending.length;
      });
      if (told < BATCH) break;
    }
  }
}

/** Once a day: what is nearly sold out, and goods that wait for the person who delivers them. */
export async function remindOfGoods(deps: OperationDeps): Promise<void> {
  const today = dayText(deps.clock.now());
  // A product that never had any stock has not run out of it.
  const low = await rows<{ slug: string; product: Localised; stock: number }>(
    deps.db,
    `select slug, names as product, stock from products p where active and stock < stock_alarm
        and exists (select 1 from inventory_logs l where l.product_id = p.id)`,
  );
  for (const params of low)
    await tellOperators(deps, deps.db, `stock:${params.slug}:${today}`, {
      template: 'alarm_stock_low',
      params: { ...params },
    });
  const waiting = await row<{ count: number; hours: number | null; orderNo: string | null }>(
    deps.db,
    `select count(*) as count, floor(extract(epoch from now() - min(o.paid_at)) / 3600)::integer as hours,
            (array_agg(o.order_no order by o.paid_at))[1] as "orderNo"
       from orders o join products p on p.id = o.product_id
      where o.status in ('paid', 'generating') and o.delivery = 'none' and p.handed_out_by = 'hand' and o.paid_at < now() - interval '1 day'`,
  );
  if (!waiting || waiting.count === 0 || waiting.hours === null || waiting.orderNo === null) return;
  const params = { count: waiting.count, hours: waiting.hours, orderNo: waiting.orderNo };
  await tellOperators(deps, deps.db, `by_hand:${today}`, { template: 'alarm_by_hand_waiting', params });
}
