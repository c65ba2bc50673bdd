import { membershipOf, rememberTelegramUser, type User } from '@mingdan/orders';
import express, { type Router } from 'express';
import { z } from 'zod';
import { languageOf as telegramLanguage } from '../../telegram/language.ts';
import { InitDataRefused, type MiniAppUser, readInitData } from '../auth/init-data.ts';
import { beginSession, endSession, requireSession } from '../auth/session.ts';
import type { Session } from '../auth/session-token.ts';
import { requireUser } from '../auth/users.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError, onlyAllow } from '../errors.ts';
import { jsonBody, readBody } from './body.ts';
import { membershipJson } from './membership-json.ts';

export const sessionBody = z.object({ initData: z.string().min(1).max(16_000) });

/** `POST /api/session` signs a Mini App in, `GET` tells who is signed in, `DELETE` signs out. */
export function sessionRoutes(deps: HttpDeps): Router {
  const router = express.Router();
  router
    .route('/api/session')
    .post(jsonBody(), async (req, res) => {
      const { initData } = readBody(req, sessionBody);
      const { user, name } = await miniAppUser(deps, initData, 'initData');
      const { token, session } = beginSession(deps, res, { id: user.id, name });
      res.set('Cache-Control', 'no-store');
      res.json({ success: true, token, ...(await sessionJson(deps, user, session)) });
    })
    .get(async (req, res) => {
      const { user, session } = await requireUser(deps, req);
      res.set('Cache-Control', 'no-store');
      res.json({ success: true, ...(await sessionJson(deps, user, session)) });
    })
    .delete((req, res) => {
      requireSession(deps, req);
      endSession(deps, res);
      res.set('Cache-Control', 'no-store').json({ success: true });
    })
    .all(onlyAllow('GET, HEAD, POST, DELETE'));
  return router;
}

async function sessionJson({ db }: HttpDeps, user: User, { name, expiresAt }: Session): Promise<object> {
  return {
    expiresAt: expiresAt.toISOString(),
    user: { id: user.telegramId, name, language: user.language },
    membership: membershipJson(await membershipOf(db, user.id)),
  };
}

/**
 * The user behind initData; made where they were never seen.
 * @param field of the body, for the error
 * @throws HttpError 401 `bad_init_data` | `init_data_expired`
 */
export async function miniAppUser(
  { db, clock, settings }: HttpDeps,
  initData: string,
  field: string,
): Promise<{ user: User; name: string }> {
  const rules = { botToken: settings.botToken, maxAgeSeconds: settings.initDataMaxAgeSeconds, now: clock.now() };
  const { telegramId, name, languageCode } = read(initData, rules, field);
  const user = await rememberTelegramUser(db, { telegramId, language: telegramLanguage(languageCode) });
  return { user, name };
}

function read(initData: string, rules: Parameters<typeof readInitData>[1], field: string): MiniAppUser {
  try {
    return readInitData(initData, rules);
  } catch (error) {
    if (!(error instanceof InitDataRefused)) throw error;
    throw new HttpError(401, error.code, `initData is refused: ${error.message}`, field);
  }
}
