import { z } from 'zod';
import { readAnswer } from '../../gateway-answer.ts';
import { type About, unreachable } from '../../gateway-call.ts';
import { type Fields, isFields } from '../../wire-text.ts';
import type { Ask, Question } from './ask.ts';
import { orderIdOf, paymentIn } from './received.ts';

/** OxaPay would give 200, whose transactions could make the answer longer than any that we read. */
const PAGE_SIZE = 100;

export interface Span {
  readonly from: Date;
  readonly to: Date | null;
  readonly sort: 'asc' | 'desc';
  readonly what: Question['what'];
  readonly about: About;
  /** a bound, so that neither a big shop nor a fault of the paging keeps us reading */
  readonly mostPages: number;
  /** milliseconds for the next page; not positive: time is up */
  timeLeft(): number;
}

const pageAnswer = z.object({
  list: z.array(z.unknown()),
  meta: z.object({ last_page: z.coerce.number().int().optional() }).optional(),
});

/** The payments that were made in a span of time, page by page. OxaPay cannot be asked by order id, only by time. */
export async function* history(ask: Ask, span: Span): AsyncGenerator<Fields> {
  for (let page = 1; page <= span.mostPages; page += 1) {
    const timeoutMs = span.timeLeft();
    const question: Question = {
      provider: 'oxapay',
      what: span.what,
      about: span.about,
      method: 'GET',
      path: `/v1/payment?${pageQuery(span, page)}`,
      timeoutMs,
    };
    if (timeoutMs <= 0) throw unreachable(question, 'no time was left to look through the history');
    const { list, meta } = readAnswer(question, await ask(question), pageAnswer);
    yield* list.filter(isFields);
    const last = meta?.last_page ?? (list.length < PAGE_SIZE ? page : page + 1);
    if (page >= last || list.length === 0) return;
  }
}

function pageQuery(span: Span, page: number): URLSearchParams {
  const seconds = (date: Date): string => String(Math.floor(date.getTime() / 1000));
  return new URLSearchParams({
    from_date: seconds(span.from),
    ...(span.to ? { to_date: seconds(span.to) } : {}),
    sort_by: 'create_date',
    sort_type: span.sort,
    size: String(PAGE_SIZE),
    page: String(page),
  });
}

const RANK = ['paid', 'processing', 'open', 'failed', 'gone'] as const;

/**
 * The payment of an order: of several under one order id the one that got furthest, and of those the newest. There are several only where
 * the answer to a creation was lost.
 */
export async function findByOrder(ask: Ask, orderId: string, span: Span): Promise<Fields | null> {
  let best: Fields | null = null;
  const rank = (fields: Fields): number => RANK.indexOf(paymentIn(fields).state);
  for await (const fields of history(ask, span)) {
    if (orderIdOf(fields) === orderId && (best === null || rank(fields) < rank(best))) best = fields;
    if (best !== null && rank(best) === 0) return best;
  }
  return best;
}
