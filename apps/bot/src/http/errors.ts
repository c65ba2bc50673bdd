import { isConnectionError } from '@mingdan/db';
import { MingdanError } from '@mingdan/kernel';
import type { ErrorRequestHandler, NextFunction, Request, Response } from 'express';
import { siteOf } from '../site.ts';
import { sendPage } from './compression.ts';
import type { HttpDeps } from './deps.ts';
import { languageOf } from './language.ts';
import { errorPage } from './pages/error.ts';
import { requestIdOf } from './request-log.ts';

/** An answer that is no success: `code` and `message` go to the caller. */
export class HttpError extends MingdanError {
  readonly status: number;
  readonly field: string | undefined;
  /** where several fields are wrong: what is, by their names */
  readonly fields: Readonly<Record<string, string>> | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    field?: string,
    fields?: Readonly<Record<string, string>>,
  ) {
    super(code, message, { hint: 'The caller has to change the request' });
    this.status = status;
    this.field = field;
    this.fields = fields;
  }
}

export function notFound(req: Request, _res: Response, next: NextFunction): void {
  next(new HttpError(404, 'not_found', `There is nothing at ${req.method} ${req.path.slice(0, 100)}`));
}

/** For a path that exists, with another method. `allowed` is the value of the Allow header. */
export function onlyAllow(allowed: string) {
  return (req: Request, res: Response, next: NextFunction): void => {
    res.set('Allow', allowed);
    if (req.method === 'OPTIONS') res.status(204).end();
    else next(new HttpError(405, 'method_not_allowed', `This path takes ${allowed}`));
  };
}

/** JSON below /api, a page elsewhere; what went wrong inside stays in the log, under the request id that the caller sees. */
export function answerErrors(deps: Pick<HttpDeps, 'db' | 'log' | 'bot'>): ErrorRequestHandler {
  const { log } = deps;
  return async (error: unknown, req, res, _next) => {
    const answer = answerTo(error, requestIdOf(res));
    if (answer.status >= 500) log.error({ err: error, request_id: requestIdOf(res) }, 'request failed');
    if (res.headersSent) {
      res.destroy();
      return;
    }
    res.status(answer.status).set('Cache-Control', 'no-store');
    if (answer.status === 503) res.set('Retry-After', '5');
    if (isForMachines(req)) {
      const { code, message, field, fields } = answer;
      const named = { ...(field === undefined ? {} : { field }), ...(fields === undefined ? {} : { fields }) };
      if (isMiniAppPath(req)) res.json({ success: false, error: message, code, ...named });
      else res.json({ success: false, error: { code, message, ...named } });
    } else {
      const { status, code } = answer;
      const language = languageOf(req, res);
      // Whoever is turned away asks nothing of a database.
      const site =
        status === 429 || status === 503 ? { bot: deps.bot?.(), supportContact: undefined } : await siteOf(deps);
      const page = errorPage({ language, status, code, requestId: requestIdOf(res), site, address: addressOf(req) });
      sendPage(req, res, page).catch(() => res.destroy());
    }
  };
}

/** Asking for it again is the same only where it was asked for and not sent; what no URL can be made of stays out. */
function addressOf(req: Request): string | undefined {
  const asked = req.method === 'GET' || req.method === 'HEAD';
  return asked && /^\/(?![/\\])/.test(req.originalUrl) ? req.originalUrl : undefined;
}

/** These three tell an error as a text. */
function isMiniAppPath(req: Request): boolean {
  return /^\/api\/(?:create-payment|membership-status|activate-membership)\/?$/i.test(req.path);
}

function isForMachines(req: Request): boolean {
  return /^\/(?:api|telegram|webhook)(?:\/|$)|^\/(?:oxapay-webhook|metrics|readyz|healthz)$/.test(req.path);
}

function answerTo(
  error: unknown,
  requestId: string,
): Pick<HttpError, 'status' | 'code' | 'message'> & Partial<Pick<HttpError, 'field' | 'fields'>> {
  if (error instanceof HttpError) return error;
  if (isConnectionError(error)) {
    return {
      status: 503,
      code: 'unavailable',
      message: 'The service is not available right now, try again in a moment',
    };
  }
  const status = statusOf(error);
  if (status === 413) return { status, code: 'body_too_large', message: 'The request body is too large' };
  if (status !== undefined) return { status, code: 'bad_request', message: 'The request cannot be read' };
  return { status: 500, code: 'internal_error', message: `Something went wrong on our side (request ${requestId})` };
}

/** express and its body parsers hang a status onto what the caller did wrong, such as a path that does not decode. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  const { status } = error;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined;
}
