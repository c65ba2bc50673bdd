import { createHash } from 'node:crypto';
import pg from 'pg';
import { changed, row, rows } from '@mingdan/db';
import { testDatabase } from '@mingdan/orders/testing';
import startServer from '../tests/setup/start-postgres.ts';
import { testServer } from '../tests/setup/test-server.ts';
await startServer();
const d = await testDatabase();
await changed(d.db, 'create table floor_orders (order_no text primary key, status text not null, paid_at timestamptz)');
await changed(d.db, 'create table floor_notices (event_id text primary key, body bytea not null, received_at timestamptz not null default now())');
const mk = async (r: number, n: number) => {
  const orders = Array.from({ length: n }, (_, i) => `REPORT_20261121_${r}${String(i).padStart(7, '0')}`);
  await changed(d.db, `insert into floor_orders select unnest(:orders::text[]), 'pending_payment'`, { orders });
  await changed(d.db, `insert into orders (order_no, kind, product_slug, product_names, amount_minor, currency, provider) select unnest(:orders::text[]), 'report', 'bazi-basic', '{}', 1990, 'CNY', 'pingpong'`, { orders });
  await changed(d.db, `insert into payment_attempts (order_id, provider, method, gateway_order_id, amount_minor, currency, provider_payment_id) select id, 'pingpong', 'PINGPONG_CHECKOUT', order_no, amount_minor, currency, 'P' || order_no from orders where order_no = any(:orders)`, { orders });
  await changed(d.db, 'vacuum analyze');
  return orders;
};
const digest = createHash('sha256').update('x').digest();
const sealed = Buffer.alloc(200, 1);
const pool = new pg.Pool({ connectionString: d.url, max: 10 });
const sql = `select record_notice($1,$2,$3,$4,$5,$6,$7,$8::bigint,$9,$10,$11,$12::timestamptz,$13,$14) as verdict`;
const vals = (o: string) => ['pingpong', 'paid:P' + o, 'paid', o, o, 'P' + o, null, 1990, 'CNY', true, null, null, digest, sealed];
const FLOOR = `with notice as (insert into floor_notices (event_id, body) values ($1, $2) on conflict do nothing)
  update floor_orders set status = 'paid', paid_at = now() where order_no = $3 and status = 'pending_payment'`;
async function run(label: string, orders: string[], width: number, one: (o: string) => Promise<unknown>) {
  const q = [...orders]; const t = performance.now();
  await Promise.all(Array.from({ length: width }, async () => { for (let o = q.pop(); o; o = q.pop()) await one(o); }));
  console.log(label, width, Math.round(orders.length / ((performance.now() - t) / 1000)), '/s');
}

const c = new pg.Client({ connectionString: d.url }); await c.connect();
await c.query("set track_functions = 'all'");
const call = `select record_notice('pingpong','e'||o,'paid',o,o,'P'||o,null,1990,'CNY',true,null,null,'x','x') from unnest($1::text[]) o`;
await c.query(call, [await mk(6, 500)]);
await c.query('select pg_stat_force_next_flush()');
await c.query('select pg_stat_reset()');
const inside = await mk(7, 4000);
const t = performance.now();
await c.query(call, [inside]);
console.log('inside µs each', Math.round((performance.now() - t) * 1000 / 4000));
await c.query('select pg_stat_force_next_flush()');
console.table((await c.query('select funcname, calls, total_time*1000/4000 as total_us, self_time*1000/4000 as self_us from pg_stat_user_functions order by 4 desc')).rows);
const inside2 = await mk(8, 2000);
const plan = await c.query(`explain (analyze, buffers off) update orders set status='paid', paid_at = now() where order_no = any($1)`, [inside2]);
console.log(plan.rows.map((r) => r['QUERY PLAN']).join('\n'));
const p2 = await c.query(`explain (analyze, buffers off) insert into payment_transactions (order_id, attempt_id, provider, provider_payment_id, amount_minor, currency) select order_id, id, provider, provider_payment_id, amount_minor, currency from payment_attempts where gateway_order_id = any($1)`, [inside2]);
console.log(p2.rows.map((r) => r['QUERY PLAN']).join('\n'));
await c.end();
await pool.end();
await d.drop(); await testServer.stop();
