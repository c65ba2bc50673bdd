import type { Db } from '@mingdan/db';
import { type OperatorSettings, readOperatorSettings } from '@mingdan/orders';
import { operatorKindOf } from '@mingdan/outbox';
import type { TopicOf } from './channel.ts';

/** A change of the setting counts after so long. */
const KEPT_MS = 5_000;

/** Looks up in the setting `operator_topics` in which thread of the operators' forum a message belongs. */
export function operatorTopics(db: Db, now: () => number = () => performance.now()): TopicOf {
  let kept: { at: number; topics: OperatorSettings['topics'] } | undefined;
  return async (message) => {
    if (kept === undefined || now() - kept.at > KEPT_MS)
      kept = { at: now(), topics: (await readOperatorSettings(db)).topics };
    const topics: Readonly<Record<string, number | undefined>> = kept.topics;
    return topics[operatorKindOf(message)] ?? topics['alarm'];
  };
}
