import type { Request } from 'express';
import { HttpError } from '../errors.ts';

const USUAL = 20;
const MOST = 100;

/** `?limit=`, 20 when left out, 100 at most. @throws HttpError 422 `invalid_field` */
export function limitOf(req: Request): number {
  const { limit } = req.query;
  if (limit === undefined) return USUAL;
  if (typeof limit === 'string' && /^[1-9]\d{0,5}$/.test(limit)) return Math.min(MOST, Number(limit));
  throw new HttpError(422, 'invalid_field', 'limit has to be a whole number from 1 to 100', 'limit');
}

/** `?before=`: the `next` of the page before; undefined when left out. @throws HttpError 422 `invalid_field` */
export function beforeOf(req: Request): number | undefined {
  const { before } = req.query;
  if (before === undefined) return undefined;
  if (typeof before === 'string' && /^[1-9]\d{0,14}$/.test(before)) return Number(before);
  throw new HttpError(422, 'invalid_field', 'before has to be the next of an answer', 'before');
}
