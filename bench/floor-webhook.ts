import { createServer } from 'node:http';
import pg from 'pg';

/**
 * What no notice server of this kind can beat: node's bare HTTP server and pg, one statement that inserts a notice and flips an order,
 * ten connections. No signature, no event, no payment, no log.
 */
const pool = new pg.Pool({ connectionString: process.argv[2], max: 10 });
const STATEMENT = `with notice as (insert into floor_notices (event_id, body) values ($1, $2) on conflict do nothing)
  update floor_orders set status = 'paid', paid_at = now() where order_no = $3 and status = 'pending_payment'`;

const server = createServer((request, response) => {
  if (request.method === 'GET') return void response.end('ready');
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const body = Buffer.concat(chunks);
    const { order_id: orderNo, payment_id: paymentId } = JSON.parse(body.toString());
    await pool.query(STATEMENT, [paymentId, body, orderNo]);
    response.end('OK');
  });
});
server.listen(Number(process.argv[3]), '127.0.0.1');
