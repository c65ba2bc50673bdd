import { type Db, rows } from '@mingdan/db';
import { z } from 'zod';

/** What operators may hear of: changes of an order by its new state (`new` is its first), refunds, red-packet codes, stock that runs out. */
export const operatorNoticeKinds = [
  'new',
  'paid',
  'generating',
  'completed',
  'failed',
  'expired',
  'refund',
  'redpacket',
  'stock',
] as const;
export type OperatorNoticeKind = (typeof operatorNoticeKinds)[number];

export interface OperatorSettings {
  readonly kinds: readonly OperatorNoticeKind[];
  /** thread of the forum that a kind is told in; `alarm` is everything else */
  readonly topics: Readonly<Partial<Record<OperatorNoticeKind | 'alarm', number>>>;
}

export const defaultOperatorNotices: readonly OperatorNoticeKind[] = ['paid', 'failed', 'refund', 'redpacket', 'stock'];

export const operatorNoticesSchema = z.array(z.enum(operatorNoticeKinds)).transform((kinds) => [...new Set(kinds)]);
export const operatorTopicsSchema = z.partialRecord(
  z.enum([...operatorNoticeKinds, 'alarm']),
  z.number().int().positive(),
);

/** The settings `operator_notices` and `operator_topics`. A value that cannot be understood counts as not set. */
export async function readOperatorSettings(db: Db): Promise<OperatorSettings> {
  const found = await rows<{ key: string; value: unknown }>(
    db,
    `select key, value from settings where key in ('operator_notices', 'operator_topics')`,
  );
  const values = Object.fromEntries(found.map(({ key, value }) => [key, value]));
  return {
    kinds: operatorNoticesSchema.catch([...defaultOperatorNotices]).parse(values['operator_notices']),
    topics: operatorTopicsSchema.catch({}).parse(values['operator_topics'] ?? {}),
  };
}
