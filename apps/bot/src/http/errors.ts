import { isConnectionError } from '@mingdan/db';
import { type Logger, MingdanError } from '@mingdan/kernel';
import type { ErrorRequestHandler, NextFunction, Request, Response } from 'express';
import { sendPage } from './compression.ts';
import { languageOf } from './language.ts';
import { errorPage } from './pages/error.ts';
import { requestIdOf } from './request-log.ts';

/** An answer that is no success: `code` and `message` go to the caller. */
export class HttpError extends MingdanError {
  readonly status: number;
  readonly field: string | undefined;

  constructor(status: number, code: string, message: string, field?: string) {
    super(code, message, { hint: 'The caller has to change the request' });
    this.status = status;
    this.field = field;
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
export function answerErrors(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, _next) => {
    const answer = answerTo(error, requestIdOf(res));
    if (answer.status >= 500) log.error({ err: error, request_id: requestIdOf(res) }, 'request failed');
    if (res.headersSent) {
      res.destroy();
      return;
    }
    res.status(answer.status).set('Cache-Control', 'no-store');
    if (answer.status === 503) res.set('Retry-After', '5');
    if (isForMachines(req)) {
      const { code, message, field } = answer;
      const named = field === undefined ? {} : { field };
      if (isMiniAppPath(req)) res.json({ success: false, error: message, code, ...named });
      else res.json({ success: false, error: { code, message, ...named } });
    } else {
      const page = errorPage({ language: languageOf(req, res), status: answer.status, requestId: requestIdOf(res) });
      sendPage(req, res, page).catch(() => res.destroy());
    }
  };
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
): { status: number; code: string; message: string; field?: string | undefined } {
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
