import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import { HttpError } from './errors.ts';

/** Requests of one client address within the window. */
export interface RateLimits {
  readonly windowMs: number;
  readonly reads: number;
  readonly writes: number;
}

/** 100 reads a second on average: twice what is promised, so that a page with several requests is never the one that is refused. */
export const usualLimits: RateLimits = { windowMs: 10_000, reads: 1_000, writes: 100 };

/**
 * Per client address (an IPv6 client is its /56), reads and writes apart; loopback is not limited.
 * `req.ip` is the forwarded address only where `trust proxy` names the proxy.
 */
export function limitRates(limits: RateLimits = usualLimits): RequestHandler {
  const reads = limiter(limits.windowMs, limits.reads);
  const writes = limiter(limits.windowMs, limits.writes);
  return (req, res, next) => (isRead(req) ? reads : writes)(req, res, next);
}

/**
 * Coupons may be guessed at: half a try a second, over a minute, from one client address, wherever it tries. Behind the parser of the body;
 * what names no coupon is not counted.
 */
export const limitCouponTries: RequestHandler = limiter(60_000, 30, namesNoCoupon);

function namesNoCoupon({ body }: Request): boolean {
  return typeof body?.coupon !== 'string' || body.coupon.trim() === '';
}

function limiter(windowMs: number, limit: number, isFree: (req: Request) => boolean = () => false): RequestHandler {
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    skip: (req) => isLoopback(req.ip ?? '') || isFree(req),
    handler: (_req: Request, _res: Response, next: NextFunction) => {
      next(new HttpError(429, 'too_many_requests', 'Too many requests from this address, slow down'));
    },
    // Its checks write to the console on every misconfigured proxy; `mingdan doctor` says the same once.
    validate: false,
  });
}

function isRead(req: Request): boolean {
  return req.method === 'GET' || req.method === 'HEAD' || req.method === 'OPTIONS';
}

export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
