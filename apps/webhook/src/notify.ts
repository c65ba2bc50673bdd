import { hash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type Clock, type Logger, messageOf } from '@mingdan/kernel';
import {
  ForgedNotice,
  type NoticeVerifier,
  type PaymentNotice,
  type RawNotice,
  UnreadableNotice,
} from '@mingdan/payments/verifiers';
import { readRawBody } from './raw-body.ts';
import type { Refusals } from './refusals.ts';
import type { Sealer } from './seal.ts';
import { DatabaseAway, type NoticeStore } from './store.ts';

export interface NotifyDeps {
  readonly verifiers: ReadonlyMap<string, NoticeVerifier>;
  readonly store: NoticeStore;
  readonly refusals: Refusals;
  /** null: raw bytes are not kept, only their digest */
  readonly sealer: Sealer | null;
  readonly clock: Clock;
  readonly log: Logger;
  wake(): void;
}

export interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

const BODY_LIMIT = 64 * 1024;

/** One notice: verify → record → acknowledge. The money is booked when this answers with the gateway's own success. */
export async function takeNotice(deps: NotifyDeps, provider: string, request: IncomingMessage): Promise<Answer> {
  const verifier = deps.verifiers.get(provider);
  if (!verifier) return { status: 404, body: 'not found' };
  const start = performance.now();
  const body = await readRawBody(request, BODY_LIMIT);
  if (!body) return { status: 413, body: 'too large' };

  const notice = judge(deps, verifier, { headers: headersOf(request), body });
  if ('status' in notice) return notice;
  const digest = hash('sha256', body, 'buffer');
  const line = { provider, order_no: notice.gatewayOrderId, kind: notice.kind };
  try {
    const { verdict, wake } = await deps.store.record(notice, { digest, sealed: deps.sealer?.seal(body) ?? null });
    if (wake) deps.wake();
    deps.log.info({ ...line, verdict, duration_ms: since(start) }, 'notice');
  } catch (err) {
    if (err instanceof DatabaseAway) {
      deps.log.warn(
        { ...line, verdict: 'try_again', duration_ms: since(start), cause: messageOf(err.cause) },
        'notice',
      );
      return { status: 503, body: 'try again' };
    }
    // Repeating it would not help, so it is acknowledged; the next query of the gateway finds the payment.
    const alarm = { verdict: 'not_recorded', alarm: true, event_id: notice.eventId, digest: digest.toString('hex') };
    deps.log.error({ ...line, ...alarm, err }, 'notice');
  }
  return verifier.acknowledgement;
}

function judge(deps: NotifyDeps, verifier: NoticeVerifier, raw: RawNotice): PaymentNotice | Answer {
  try {
    return verifier.verify(raw, deps.clock.now());
  } catch (error) {
    if (!(error instanceof ForgedNotice || error instanceof UnreadableNotice)) throw error;
    deps.refusals.note(verifier.provider, error.message, raw.body);
    const forged = error instanceof ForgedNotice;
    const words = verifier.refusal ?? { body: forged ? 'bad signature' : 'unreadable' };
    return { ...words, status: forged ? 401 : 400 };
  }
}

/** Node joins a header that came twice; a verifier must see that it did. */
function headersOf(request: IncomingMessage): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    headers[name] = values?.length === 1 ? values[0] : values;
  }
  return headers;
}

function since(start: number): number {
  return Math.round((performance.now() - start) * 10) / 10;
}
