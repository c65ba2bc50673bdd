import type { RequestHandler } from 'express';
import { hasApiKey, noApiKey } from '../api/api-key.ts';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { requireSession } from './session.ts';

/** For servers with the API key, and for who is signed in. */
export function requireKeyOrSession(deps: Pick<HttpDeps, 'clock' | 'settings'>): RequestHandler {
  return (req, res, next) => {
    if (hasApiKey(req, deps.settings.apiKey)) return next();
    try {
      requireSession(deps, req);
      next();
    } catch (refused) {
      res.set('WWW-Authenticate', 'Bearer realm="mingdan"');
      next(refused instanceof HttpError && refused.code === 'unauthorized' ? noApiKey() : refused);
    }
  };
}
