import express, { type Request, type RequestHandler } from 'express';
import type { z } from 'zod';
import { HttpError } from '../errors.ts';

export const LARGEST_BODY = '64kb';

/** JSON bodies, whatever the caller says that they are; a parser's error becomes 400. */
export function jsonBody(): RequestHandler {
  return express.json({ limit: LARGEST_BODY, type: () => true });
}

/** The body by its schema; unknown fields are ignored. @throws HttpError 422 `invalid_field` naming the first field that is wrong */
export function readBody<T>(req: Request, schema: z.ZodType<T>): T {
  const read = schema.safeParse(req.body ?? {});
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const field = issue?.path.join('.') ?? '';
  if (field === '') throw new HttpError(400, 'bad_request', 'The body has to be a JSON object');
  const reason = issue?.message === undefined ? '' : `: ${issue.message}`;
  throw new HttpError(422, 'invalid_field', `The field ${field} is missing or not as expected${reason}`, field);
}
