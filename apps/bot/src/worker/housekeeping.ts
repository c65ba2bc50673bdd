import { changed, type Db, row, rows } from '@mingdan/db';
import { alarm, type FulfilmentDeps, failOrder } from '@mingdan/fulfilment';
import { messageOf } from '@mingdan/kernel';
import { completeIfDelivered, forgetEnded, ORDER_COLUMNS, type Order, parkDelivery } from '@mingdan/orders';

export interface HousekeepingSettings {
  readonly fulfilmentDeadlineHours: number;
  readonly deliveryMaxHours: number;
}

/** What must happen in time, whoever is up: each part is a conditional update, so that two at once do no harm. */
export async function keepPromises(deps: FulfilmentDeps, settings: HousekeepingSettings): Promise<void> {
  await completeDelivered(deps);
  await failOverdue(deps, settings.fulfilmentDeadlineHours);
  await parkUndelivered(deps, settings.deliveryMaxHours);
}

/** A sender that died between the last part and the order's end left it like this. */
async function completeDelivered(deps: FulfilmentDeps): Promise<void> {
  const left = await rows<{ id: number }>(
    deps.db,
    `select id from orders where status = 'generating' and delivery = 'sending'
       and not exists (select 1 from outbox where outbox.order_id = orders.id and delivers and outbox.status in ('pending', 'parked')) limit 100`,
  );
  for (const { id } of left) {
    // One order whose row somebody holds must not keep the promises to all others.
    await completeIfDelivered(deps.db, id).catch((error: unknown) =>
      deps.log.warn({ order_id: id, cause: messageOf(error) }, 'a delivered order could not be completed yet'),
    );
  }
}

/** A paid order that could not be fulfilled by its deadline fails and is refunded, whatever it waits for. What a person delivers has none. */
async function failOverdue(deps: FulfilmentDeps, hours: number): Promise<void> {
  while (await deps.db.transaction((tx) => failOneOverdue(deps, tx, hours)));
}

async function failOneOverdue(deps: FulfilmentDeps, tx: Db, hours: number): Promise<boolean> {
  const order = await row<Order>(
    tx,
    `select ${ORDER_COLUMNS} from orders o
      where (status = 'paid' or (status = 'generating' and delivery = 'none')) and paid_at < now() - make_interval(secs => 3600 * :hours::float8)
        and not exists (select 1 from products p where p.id = o.product_id and p.handed_out_by = 'hand')
      order by id for update skip locked limit 1`,
    { hours },
  );
  if (!order) return false;
  await failOrder(deps, tx, order, { reason: 'deadline', owner: null, by: 'housekeeping' });
  return true;
}

async function parkUndelivered(deps: FulfilmentDeps, hours: number): Promise<void> {
  await deps.db.transaction(async (tx) => {
    for (const { id, orderNo } of await parkDelivery(tx, hours)) {
      const names = await row<{ product: Record<string, string> }>(
        tx,
        'select product_names as product from orders where id = :id',
        { id },
      );
      await alarm(
        deps,
        tx,
        `parked:${orderNo}`,
        { template: 'alarm_delivery_parked', params: { orderNo, product: names?.product ?? {} } },
        id,
      );
      deps.log.warn({ order_no: orderNo, status: 'completed', delivery: 'parked' }, 'order moved');
    }
  });
}

/** What is no longer needed is thrown away: raw notices, handled updates, sent messages, and the personal data of orders nobody paid. */
export async function tidyUp(db: Db): Promise<void> {
  await forgetEnded(db);
  await changed(
    db,
    `update payment_notifications set raw = null where raw is not null and received_at < now() - interval '30 days'`,
  );
  await changed(
    db,
    `delete from telegram_updates where status <> 'pending' and received_at < now() - interval '7 days'`,
  );
  await changed(
    db,
    `delete from outbox where status in ('sent', 'dropped') and created_at < now() - interval '90 days'
       and not exists (select 1 from orders where orders.id = outbox.order_id and orders.status in ('pending_payment', 'paid', 'generating'))`,
  );
  // A mail that was set aside keeps nobody's address for ever.
  await changed(
    db,
    `update outbox set payload = null, mail_to = null, status = 'dropped'
      where mail_to is not null and status in ('pending', 'parked') and created_at < now() - interval '30 days'`,
  );
  await changed(
    db,
    `update orders set input = null, email = null where (input is not null or email is not null) and paid_at is null and status in ('expired', 'failed') and created_at < now() - interval '30 days'`,
  );
  await changed(db, `delete from bot_sessions where updated_at < now() - interval '30 days'`);
  await changed(db, `delete from telegram_limits where spent_until < now() - interval '1 day'`);
}
