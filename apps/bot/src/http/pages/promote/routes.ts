import { botStart } from '@mingdan/fulfilment';
import { MingdanError } from '@mingdan/kernel';
import { askForWithdrawal } from '@mingdan/operations';
import { earningsOf, promoterOf } from '@mingdan/orders';
import express, { type Request, type Response, type Router } from 'express';
import { type Site, siteOf } from '../../../site.ts';
import { requireSession, sessionOf } from '../../auth/session.ts';
import type { HttpDeps } from '../../deps.ts';
import { onlyAllow } from '../../errors.ts';
import { languageOf } from '../../language.ts';
import { type Promotion, promoteView, withdrawalAnswers } from './view.ts';

const formBody = express.urlencoded({ extended: false, limit: '8kb' });
const LONGEST_DESTINATION = 500;

/** `/promote`: what `/promote` shows in the chat, to who is signed in: their link, what it brought, and the wish for it. */
export function promoteRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/promote')
    .get(async (req, res) => {
      const session = sessionOf(deps, req);
      const language = languageOf(req, res);
      const site = await siteOf(deps);
      const promotion = session && (await promotionOf(deps, req, session.userId, site));
      res.set('Cache-Control', 'private, no-store').set('X-Robots-Tag', 'noindex, nofollow').type('html');
      res.send(promoteView(promotion, language, site));
    })
    .post(formBody, (req, res) => withdraw(deps, req, res))
    .all(onlyAllow('GET, HEAD, POST'));
  return router;
}

async function promotionOf(deps: HttpDeps, req: Request, userId: number, { bot }: Site): Promise<Promotion> {
  const promoter = await promoterOf(deps.db, userId);
  const earned = await earningsOf(deps.db, promoter.id);
  const { withdrawal } = req.query;
  return {
    code: promoter.code,
    percent: promoter.ratePercent,
    link: bot && botStart(bot.address, `ref_${promoter.code}`),
    earned,
    answer: withdrawalAnswers.find((each) => each === withdrawal),
  };
}

/** The same wish as in the chat; its outcome is told on the page. */
async function withdraw(deps: HttpDeps, req: Request, res: Response): Promise<void> {
  const { userId } = requireSession(deps, req);
  const language = languageOf(req, res);
  const { currency, destination } = req.body ?? {};
  const where = typeof destination === 'string' ? destination.trim().slice(0, LONGEST_DESTINATION) : '';
  const outcome = where === '' ? 'destination_missing' : await tried(deps, userId, String(currency ?? ''), where);
  const query = new URLSearchParams({ lang: language, withdrawal: outcome });
  res.set('Cache-Control', 'no-store').redirect(303, `/promote?${query}`);
}

async function tried(deps: HttpDeps, userId: number, currency: string, destination: string): Promise<string> {
  try {
    await askForWithdrawal(deps.operations, await promoterOf(deps.db, userId), { currency, destination });
    return 'requested';
  } catch (error) {
    if (!(error instanceof MingdanError)) throw error;
    return error.code;
  }
}
