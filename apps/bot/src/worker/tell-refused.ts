import { rows } from '@mingdan/db';
import { type OperationDeps, tellOperators } from '@mingdan/operations';

/** Single refusals are normal (probes, strangers); this many in ten minutes look like a wrong secret or an attack. */
const WORTH_AN_ALARM = 5;

/** A gateway whose notices are all refused is told once an hour: nothing is booked by notice meanwhile, only by asking. */
export async function tellRefusedNotices(deps: OperationDeps): Promise<void> {
  const refused = await rows<{ provider: string; count: number; why: string }>(
    deps.db,
    `select provider, count(*) as count, (array_agg(why order by refused_at desc))[1] as why
       from refused_notices where refused_at > now() - interval '10 minutes' group by provider having count(*) >= :least`,
    { least: WORTH_AN_ALARM },
  );
  const hour = Math.floor(deps.clock.now().getTime() / 3_600_000);
  for (const { provider, count, why } of refused) {
    const params = { provider, count, cause: why };
    const message = { template: 'alarm_refused_notices', params } as const;
    await tellOperators(deps, deps.db, `refused:${provider}:${hour}`, message);
  }
}
