import type { Request, RequestHandler } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';

const READS = ['GET', 'HEAD', 'OPTIONS'];

/** A browser sends cookies whichever page makes it ask; what changes something must come from a page of ours. */
export function isOurPage({ publicUrl }: Pick<HttpDeps['settings'], 'publicUrl'>, req: Request): boolean {
  if (READS.includes(req.method)) return true;
  // Forms of pages without a referrer say `null` here; no page can forge the other header.
  return req.get('origin') === new URL(publicUrl).origin || req.get('sec-fetch-site') === 'same-origin';
}

/**
 * A page of a stranger's makes no browser sign in, order or pay, also where no cookie is there yet. Requests of no page (no Origin) pass,
 * and those with a token, which no page can send without our leave.
 * @param open paths that other sites (CORS_ORIGINS) may call
 */
export function refuseStrangers(
  settings: Pick<HttpDeps['settings'], 'publicUrl' | 'corsOrigins'>,
  open: readonly string[],
): RequestHandler {
  const partners = settings.corsOrigins.map((origin) => origin.replace(/\/$/, '').toLowerCase());
  return (req, _res, next) => {
    const origin = req.get('origin');
    if (READS.includes(req.method) || origin === undefined || isOurPage(settings, req)) return next();
    // The address that the browser itself used, where it is another name of ours than PUBLIC_URL.
    if (URL.canParse(origin) && new URL(origin).host === req.get('host')) return next();
    if (req.get('authorization') !== undefined) return next();
    const path = `${req.baseUrl}${req.path}`.toLowerCase();
    const isOpen = open.some((each) => path === each || path.startsWith(`${each}/`));
    if (isOpen && partners.includes(origin.toLowerCase())) return next();
    next(new HttpError(403, 'bad_origin', 'This has to come from a page of ours'));
  };
}
