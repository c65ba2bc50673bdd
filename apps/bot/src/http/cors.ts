import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** Lets pages of the named origins (CORS_ORIGINS) read these paths. Cookies never travel along. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const allowed = new Set(origins.map((origin) => origin.replace(/\/$/, '').toLowerCase()));
  return (req: Request, res: Response, next: NextFunction) => {
    res.vary('Origin');
    const origin = req.get('Origin');
    if (origin === undefined || !allowed.has(origin.toLowerCase())) {
      next();
      return;
    }
    res.set('Access-Control-Allow-Origin', origin);
    res.set('Access-Control-Expose-Headers', 'ETag, Retry-After, X-Request-Id');
    if (req.method !== 'OPTIONS' || req.get('Access-Control-Request-Method') === undefined) {
      next();
      return;
    }
    res.set('Access-Control-Allow-Methods', 'GET, HEAD, POST');
    res.set('Access-Control-Allow-Headers', 'Authorization, Content-Type');
    res.set('Access-Control-Max-Age', '600').status(204).end();
  };
}
