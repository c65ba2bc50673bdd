import type { Request, Response } from 'express';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { isOurPage } from './origin.ts';
import { looksLikeSession, readSessionToken, SESSION_SECONDS, type Session, sessionToken } from './session-token.ts';

const COOKIE = 'mingdan_session';

type Needed = Pick<HttpDeps, 'clock' | 'settings'>;

/** Begins a session: the token for a Mini App, and the same as a cookie for our pages. */
export function beginSession(
  { clock, settings }: Needed,
  res: Response,
  user: { id: number; name: string | null },
): { token: string; session: Session } {
  const expiresAt = new Date(clock.now().getTime() + SESSION_SECONDS * 1000);
  const session = { userId: user.id, name: user.name, expiresAt };
  const token = sessionToken(settings.secretKeys, session);
  res.cookie(COOKIE, token, { ...cookieRules(settings), maxAge: SESSION_SECONDS * 1000 });
  return { token, session };
}

export function endSession({ settings }: Needed, res: Response): void {
  res.clearCookie(COOKIE, cookieRules(settings));
}

function cookieRules({ publicUrl }: HttpDeps['settings']) {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: publicUrl.startsWith('https:') } as const;
}

/**
 * Who asks, where it may be nobody: a cookie that is over counts as none. A token that is sent on purpose has to be good.
 * @throws HttpError 401 `unauthorized` | `session_expired`
 */
export function sessionOf(deps: Needed, req: Request): Session | undefined {
  const found = findSession(deps, req);
  if (found.session) return found.session;
  if (found.by === 'token') throw refusal(found.why);
  return undefined;
}

/** @throws HttpError 401 `unauthorized` | `session_expired`, 403 `bad_origin` */
export function requireSession(deps: Needed, req: Request): Session {
  const found = findSession(deps, req);
  if (found.session) return found.session;
  throw refusal(found.why);
}

type Found =
  | { readonly session: Session }
  | { readonly session?: undefined; readonly by: 'token' | 'cookie' | 'none'; readonly why: Why };
type Why = 'none' | 'expired' | 'forged' | 'bad_origin';

function findSession({ clock, settings }: Needed, req: Request): Found {
  const [, bearer] = /^Bearer\s+(\S+)$/i.exec(req.get('authorization') ?? '') ?? [];
  const now = clock.now();
  if (bearer !== undefined) {
    if (!looksLikeSession(bearer)) return { by: 'none', why: 'none' };
    const read = readSessionToken(settings.secretKeys, bearer, now);
    return typeof read === 'string' ? { by: 'token', why: read } : { session: read };
  }
  const cookie = cookieOf(req);
  if (cookie === undefined) return { by: 'none', why: 'none' };
  const read = readSessionToken(settings.secretKeys, cookie, now);
  if (typeof read === 'string') return { by: 'cookie', why: read };
  return isOurPage(settings, req) ? { session: read } : { by: 'cookie', why: 'bad_origin' };
}

function cookieOf(req: Request): string | undefined {
  const cookies = (req.get('cookie') ?? '').split(/;\s*/);
  return cookies.find((each) => each.startsWith(`${COOKIE}=`))?.slice(COOKIE.length + 1);
}

function refusal(why: Why): HttpError {
  if (why === 'expired') return new HttpError(401, 'session_expired', 'The session is over: sign in again');
  if (why === 'bad_origin') return new HttpError(403, 'bad_origin', 'This has to come from a page of ours');
  return new HttpError(401, 'unauthorized', 'Sign in first: POST /api/session, then "Authorization: Bearer <token>"');
}
