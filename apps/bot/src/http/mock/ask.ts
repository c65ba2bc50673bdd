import { messageOf } from '@mingdan/kernel';
import type { HttpDeps } from '../deps.ts';
import { HttpError } from '../errors.ts';

/** Whom a played payment needs, as its error names them, and how long they are waited for. */
export interface Asked {
  readonly who: string;
  readonly withinMs: number;
}

/** @throws HttpError 502 `unreachable` */
export async function ask(
  { log }: Pick<HttpDeps, 'log'>,
  { who, withinMs }: Asked,
  address: string,
  request: RequestInit,
): Promise<Response> {
  try {
    return await fetch(address, { ...request, signal: AbortSignal.timeout(withinMs) });
  } catch (error) {
    log.warn({ address, cause: messageOf(error) }, 'a payment could not be played');
    throw new HttpError(502, 'unreachable', `${who} does not answer`);
  }
}
