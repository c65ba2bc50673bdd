import { row } from '@mingdan/db';
import { type OperationDeps, tellOperators } from '@mingdan/operations';

/** A certificate of a gateway that ends within thirty days. */
export interface EndingCertificate {
  readonly variable: string;
  readonly notAfter: Date;
}

/** From here on somebody is late: Alipay gives a packet that nobody opened back after a day. */
const PATIENCE_HOURS = 6;

/** What operators forget: once a day each, until it is done. */
export async function remindOperators(deps: OperationDeps, ending: readonly EndingCertificate[]): Promise<void> {
  const today = deps.clock.now().toISOString().slice(0, 10);
  for (const { variable, notAfter } of ending) {
    const params = { variable, day: notAfter.toISOString().slice(0, 10) };
    await tellOperators(deps, deps.db, `certificate:${variable}:${today}`, {
      template: 'alarm_certificate_ends',
      params,
    });
  }
  const waiting = await row<{ count: number; hours: number | null }>(
    deps.db,
    `select count(*) as count, floor(extract(epoch from now() - min(created_at)) / 3600)::integer as hours
       from redpacket_codes where state = 'waiting' and created_at < now() - make_interval(hours => ${PATIENCE_HOURS})`,
  );
  if (!waiting || waiting.count === 0 || waiting.hours === null) return;
  const params = { count: waiting.count, hours: waiting.hours };
  await tellOperators(deps, deps.db, `redpackets:${today}`, { template: 'alarm_redpackets_waiting', params });
}
