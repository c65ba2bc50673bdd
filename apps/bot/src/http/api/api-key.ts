import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { HttpError } from '../errors.ts';

/** True for the right `Authorization: Bearer <key>`; takes the same time wherever a key differs. */
export function hasApiKey(req: Request, apiKey: string): boolean {
  const [, given] = /^Bearer\s+(\S+)$/i.exec(req.get('authorization') ?? '') ?? [];
  if (given === undefined || apiKey === '') return false;
  return timingSafeEqual(digest(given), digest(apiKey));
}

/** For calls of servers, which have the key of the environment (`name`). */
export function requireApiKey(apiKey: string, name = 'API_KEY'): RequestHandler {
  return (req, res, next) => {
    if (hasApiKey(req, apiKey)) return next();
    res.set('WWW-Authenticate', 'Bearer realm="mingdan"');
    next(noApiKey(name));
  };
}

export function noApiKey(name = 'API_KEY'): HttpError {
  return new HttpError(401, 'unauthorized', `Send the key as "Authorization: Bearer <${name}>"`);
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
