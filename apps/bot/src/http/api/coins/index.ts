import { type CoinEntry, coinBalance, coinHistory } from '@mingdan/orders';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { ownerOf } from '../../auth/users.ts';
import type { HttpDeps } from '../../deps.ts';
import { onlyAllow } from '../../errors.ts';
import { languageOf } from '../../language.ts';
import { jsonBody } from '../body.ts';
import { beforeOf, limitOf } from '../limit.ts';
import { orderCoins } from './order.ts';
import { coinPackages, packageJson } from './packages.ts';
import { coinOrderStatus } from './status.ts';

/** `/api/coin/…`: packages, and the account of who asks. */
export function coinApiRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  const answer =
    (work: (deps: HttpDeps, req: Request, res: Response) => Promise<unknown>): RequestHandler =>
    async (req, res) => {
      const data = await work(deps, req, res);
      res.set('Cache-Control', 'no-store').json({ success: true, data });
    };
  const reads = onlyAllow('GET, HEAD');
  router.route('/api/coin/packages').get(answer(listPackages)).all(reads);
  router.route('/api/coin/balance').get(answer(balance)).all(reads);
  router
    .route('/api/coin/history')
    .get(async (req, res) => {
      res.set('Cache-Control', 'no-store').json({ success: true, ...(await history(deps, req)) });
    })
    .all(reads);
  router.route('/api/coin/order').post(jsonBody(), answer(orderCoins)).all(onlyAllow('POST'));
  router.route('/api/coin/order/status/:orderNo').get(answer(coinOrderStatus)).all(reads);
  return router;
}

async function listPackages({ db }: HttpDeps, req: Request, res: Response): Promise<object[]> {
  const language = languageOf(req, res);
  return (await coinPackages(db)).map((product) => packageJson(product, language));
}

async function balance(deps: HttpDeps, req: Request): Promise<object> {
  const { id, telegramId } = await ownerOf(deps, req, req.query.user_id, 'user_id');
  return { user_id: telegramId, balance: await coinBalance(deps.db, id) };
}

async function history(deps: HttpDeps, req: Request): Promise<{ data: object[]; next: number | null }> {
  const { id } = await ownerOf(deps, req, req.query.user_id, 'user_id');
  const { entries, next } = await coinHistory(deps.db, id, { limit: limitOf(req), before: beforeOf(req) });
  return { data: entries.map(entryJson), next };
}

function entryJson(entry: CoinEntry): object {
  return {
    id: entry.id,
    amount: entry.amount,
    balance: entry.balance,
    // An operator's reason is in their own words, and not for the buyer.
    reason: entry.cause.startsWith('grant:') ? 'grant' : entry.reason,
    ...(entry.orderNo === null ? {} : { order_no: entry.orderNo }),
    created_at: entry.createdAt.toISOString(),
  };
}
