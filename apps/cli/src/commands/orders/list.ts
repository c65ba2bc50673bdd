import { type Db, rows } from '@mingdan/db';
import { moneyText } from '@mingdan/kernel';
import { ORDER_COLUMNS, type Order, orderStatuses } from '@mingdan/orders';
import { type Command, Option } from 'commander';
import { type Answer, answering } from '../../answer.ts';
import { countArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withDatabase } from '../../deps.ts';
import { localised, timeText, word } from '../../print.ts';
import { orderJson } from './order-json.ts';

const DEFAULT_LIMIT = 20;

export function registerList(orders: Command, context: Context): void {
  answering(orders, context, 'list', 'The newest orders.', (_, options) =>
    withDatabase(context, async (db) => {
      const status = typeof options.status === 'string' ? options.status : null;
      return answer(context, await newest(db, status, Number(options.limit)));
    }),
  )
    .addOption(new Option('--status <status>', 'only orders in this state').choices(orderStatuses))
    .option('--limit <n>', 'how many', countArgument, DEFAULT_LIMIT);
}

function newest(db: Db, status: string | null, limit: number): Promise<Order[]> {
  return rows<Order>(
    db,
    `select ${ORDER_COLUMNS} from orders o where :status::text is null or o.status = :status order by o.id desc limit :limit`,
    { status, limit },
  );
}

/** Two lines an order, so that a phone shows it without breaking. */
function answer(context: Context, orders: readonly Order[]): Answer {
  const texts = context.texts();
  if (orders.length === 0) return { json: [], lines: [texts.t('orders.none')] };
  const lines = orders.flatMap((order) => [
    `${order.orderNo}  ${word(texts, 'status', order.status)}`,
    `  ${moneyText(order.amount)}  ${localised(order.productNames, texts)}  ${timeText(order.createdAt)}`,
  ]);
  return { json: orders.map(orderJson), lines };
}
