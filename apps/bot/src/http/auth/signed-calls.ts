import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@mingdan/kernel';
import express, { type Request, type RequestHandler } from 'express';
import { hasApiKey } from '../api/api-key.ts';
import { LARGEST_BODY } from '../api/body.ts';
import { HttpError } from '../errors.ts';

/** A call may be this old, or this much ahead. */
const WITHIN_SECONDS = 300;

export interface SignedCallRules {
  readonly clock: Clock;
  readonly apiKey: string;
  /** API_REQUIRE_SIGNATURE: a call with the API key has to be signed */
  readonly required: boolean;
}

/**
 * Calls with the API key that are signed, or have to be: the signature is checked over the bytes as they came, and the body is read
 * here, since it can be read only once. All other requests pass.
 */
export function checkSignedCalls({ clock, apiKey, required }: SignedCallRules): RequestHandler {
  const readBytes = express.raw({ limit: LARGEST_BODY, type: () => true });
  return (req, res, next) => {
    const signed = req.get('x-signature') !== undefined || req.get('x-timestamp') !== undefined;
    if ((!signed && !required) || !hasApiKey(req, apiKey)) return next();
    readBytes(req, res, (error?: unknown) => {
      if (error) return next(error);
      try {
        const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
        checkSignature(req, body, apiKey, clock.now());
        req.body = body.length === 0 ? undefined : parsed(body);
        next();
      } catch (refused) {
        next(refused);
      }
    });
  };
}

/** @throws HttpError 401 `bad_signature` */
function checkSignature(req: Request, body: Buffer, apiKey: string, now: Date): void {
  const timestamp = req.get('x-timestamp') ?? '';
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now.getTime() / 1000 - Number(timestamp)) > WITHIN_SECONDS)
    throw refused('X-Timestamp has to be the time in seconds, at most 300 off');
  const given = req.get('x-signature') ?? '';
  const expected = callSignature(apiKey, { timestamp, method: req.method, path: req.originalUrl, body });
  if (!/^[0-9a-f]{64}$/i.test(given) || !timingSafeEqual(expected, Buffer.from(given, 'hex')))
    throw refused(
      'X-Signature has to be the hex HMAC-SHA256 under the API key of "<timestamp>.<METHOD> <path with query>\\n<raw body>"',
    );
}

export interface SignedCall {
  readonly timestamp: string;
  readonly method: string;
  /** with its query */
  readonly path: string;
  readonly body: Buffer | string;
}

export function callSignature(apiKey: string, { timestamp, method, path, body }: SignedCall): Buffer {
  return createHmac('sha256', apiKey).update(`${timestamp}.${method} ${path}\n`).update(body).digest();
}

function refused(message: string): HttpError {
  return new HttpError(401, 'bad_signature', message);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new HttpError(400, 'bad_request', 'The request cannot be read');
  }
}
