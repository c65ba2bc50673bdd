import { type Logger, randomToken } from '@mingdan/kernel';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Metrics } from './metrics.ts';

const ID = 'X-Request-Id';

export function requestIdOf(res: Response): string {
  return String(res.get(ID) ?? '');
}

/** Gives every request an id and writes one line when it is answered. The query is left out: it holds link tokens. */
export function logRequests(log: Logger, metrics: Metrics): RequestHandler {
  return (req: Request, res: Response, next: NextFunction) => {
    const startedAt = performance.now();
    res.set(ID, randomToken(9));
    res.once('close', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      metrics.countRequest(res.statusCode, seconds);
      write(log, req, res, seconds);
    });
    next();
  };
}

/** A line of `hint` for the operator, written with the request's own line. */
export function hintInLog(res: Response, hint: string): void {
  res.locals.hint = hint;
}

function write(log: Logger, req: Request, res: Response, seconds: number): void {
  const path = withoutToken((req.originalUrl.split('?', 1)[0] ?? '').slice(0, 200));
  const orderNo = /[A-Z]+_\d{8}_[0-9A-Z]+/.exec(path)?.[0];
  const hint: unknown = res.locals.hint;
  const line = {
    request_id: requestIdOf(res),
    method: req.method,
    path,
    status: res.statusCode,
    ms: Math.round(seconds * 1000),
    ...(orderNo === undefined ? {} : { order_no: orderNo }),
    ...(res.writableFinished ? {} : { aborted: true }),
    ...(hint === undefined ? {} : { hint }),
  };
  if (hint !== undefined) log.warn(line, 'request');
  else if (/^\/(?:healthz|readyz|metrics|assets\/)/.test(path)) log.debug(line, 'request');
  else log.info(line, 'request');
}

/** Whoever reads one of these links has what it gives. */
function withoutToken(path: string): string {
  return path.replace(/^\/(gift|login)\/[^/]+/i, '/$1/…');
}
