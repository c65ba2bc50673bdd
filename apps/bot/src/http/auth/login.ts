import { ownPath, useLoginLink } from '@mingdan/operations';
import express, { type Request, type Router } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { languageOf } from '../language.ts';
import { beginSession, endSession, requireSession, sessionOf } from './session.ts';

/** `GET /login/<token>?to=/coin`: signs in once with the link that the bot sent, and goes on to one of our pages. `POST /logout` ends it. */
export function loginRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/login/:token')
    .get(async (req, res) => {
      res.set('Cache-Control', 'no-store').set('X-Robots-Tag', 'noindex, nofollow');
      // Who only looks ahead must not use the link up for its reader.
      if (isPreview(req)) return void res.status(204).end();
      const link = await useLoginLink(deps.db, req.params.token);
      const isIn = link !== undefined && sessionOf(deps, req)?.userId === link.userId;
      if (link?.good) beginSession(deps, res, { id: link.userId, name: null });
      // Opened twice by the same person: they are where they wanted to be.
      else if (!isIn)
        throw new HttpError(410, 'link_used', 'This link was used, or is over: send /login to the bot for a new one');
      res.redirect(303, ownPath(req.query.to));
    })
    .all(onlyAllow('GET, HEAD'));
  router
    .route('/logout')
    .post((req, res) => {
      // Another site may sign nobody out; a session that is over anyway is as good as ended.
      try {
        requireSession(deps, req);
      } catch (error) {
        if (!(error instanceof HttpError) || error.status !== 401) throw error;
      }
      endSession(deps, res);
      res
        .set('Cache-Control', 'no-store')
        .redirect(303, `/coin?${new URLSearchParams({ lang: languageOf(req, res) })}`);
    })
    .all(onlyAllow('POST'));
  return router;
}

function isPreview(req: Request): boolean {
  if (req.method === 'HEAD' || /prefetch|prerender/i.test(req.get('sec-purpose') ?? req.get('purpose') ?? ''))
    return true;
  return /TelegramBot|bot\b.*(?:preview|crawl)|facebookexternalhit|Slackbot|WhatsApp|Discordbot|Twitterbot/i.test(
    req.get('user-agent') ?? '',
  );
}
