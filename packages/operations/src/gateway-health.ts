import { changed, type Db, row, rows } from '@mingdan/db';
import type { Localised } from '@mingdan/kernel';
import type { ProviderName } from '@mingdan/payments';
import type { OperationDeps } from './contract.ts';
import { tellOperators } from './tell-operators.ts';

/** Failures in a row after which a gateway is not offered for a while. */
const FAILURES_TO_OPEN = 3;
const FIRST_PAUSE_SECONDS = 60;
const LONGEST_PAUSE_SECONDS = 900;

export interface GatewayHealth {
  readonly provider: ProviderName;
  readonly failures: number;
  readonly lastError: string | null;
  readonly lastFailedAt: Date | null;
  /** not offered since then */
  readonly openedAt: Date | null;
  /** one payment may be tried from then on */
  readonly probeAt: Date | null;
  readonly maintenance: boolean;
  readonly maintenanceMessage: Localised | null;
}

/** Every gateway that ever failed or was taken out, as operators see it. */
export async function gatewayHealth(db: Db): Promise<GatewayHealth[]> {
  return rows<GatewayHealth>(
    db,
    `select provider, failures, last_error as "lastError", last_failed_at as "lastFailedAt", opened_at as "openedAt", probe_at as "probeAt",
            maintenance, maintenance_message as "maintenanceMessage" from provider_health order by provider`,
  );
}

/** A gateway that fails again and again is left out; when its time to be tried has come it is offered, and the first payment tries it. */
export function isUp(health: GatewayHealth | undefined, now: Date): boolean {
  if (!health) return true;
  return !health.maintenance && (health.openedAt === null || (health.probeAt !== null && health.probeAt <= now));
}

/** True where a payment may be opened at it now. Of all that come while it is out, one a minute tries it. */
export async function mayTryGateway(db: Db, provider: ProviderName): Promise<boolean> {
  const health = await row<{ open: boolean; maintenance: boolean }>(
    db,
    'select opened_at is not null as open, maintenance from provider_health where provider = :provider',
    { provider },
  );
  if (!health) return true;
  if (health.maintenance || !health.open) return !health.maintenance;
  const tries = await changed(
    db,
    `update provider_health set probe_at = now() + make_interval(secs => ${FIRST_PAUSE_SECONDS}) where provider = :provider and probe_at <= now()`,
    { provider },
  );
  return tries > 0;
}

/** The gateway did not answer. After some in a row it is taken out of the offer, and the operators hear of it once. */
export async function noteGatewayFailure(deps: OperationDeps, provider: ProviderName, error: string): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const now = await row<{ opened: boolean; at: string }>(
      tx,
      `insert into provider_health as h (provider, failures, last_error, last_failed_at) values (:provider, 1, :error, now())
       on conflict (provider) do update
         set failures = h.failures + 1, last_error = excluded.last_error, last_failed_at = now(),
             opened_at = case when h.failures + 1 >= ${FAILURES_TO_OPEN} then coalesce(h.opened_at, now()) end,
             probe_at = case when h.failures + 1 >= ${FAILURES_TO_OPEN}
               then now() + make_interval(secs => least(${LONGEST_PAUSE_SECONDS}, ${FIRST_PAUSE_SECONDS} * 2 ^ least(10, h.failures + 1 - ${FAILURES_TO_OPEN}))) end
       returning failures = ${FAILURES_TO_OPEN} as opened, extract(epoch from coalesce(opened_at, now()))::bigint::text as at`,
      { provider, error: error.slice(0, 300) },
    );
    if (!now?.opened) return;
    deps.log.warn({ provider, cause: error }, 'a gateway is taken out of the offer');
    const message = { template: 'alarm_gateway_down', params: { provider, cause: error.slice(0, 300) } } as const;
    await tellOperators(deps, tx, `gateway_down:${provider}:${now.at}`, message);
  });
}

/** It answers: offered again at once. */
export async function noteGatewaySuccess(deps: OperationDeps, provider: ProviderName): Promise<void> {
  const before = await row<{ opened: string | null }>(
    deps.db,
    `with was as (select opened_at from provider_health where provider = :provider)
     update provider_health set failures = 0, opened_at = null, probe_at = null where provider = :provider and failures > 0
     returning (select extract(epoch from opened_at)::bigint::text from was) as opened`,
    { provider },
  );
  if (!before?.opened) return;
  deps.log.info({ provider }, 'a gateway answers again');
  const message = { template: 'alarm_gateway_up', params: { provider } } as const;
  await tellOperators(deps, deps.db, `gateway_up:${provider}:${before.opened}`, message);
}

/** Takes one gateway out of the offer, or back; `message` is what its buyers are told. */
export async function setGatewayMaintenance(
  db: Db,
  provider: ProviderName,
  on: boolean,
  message: Localised | null,
): Promise<void> {
  await changed(
    db,
    `insert into provider_health (provider, maintenance, maintenance_message) values (:provider, :on, :message::jsonb)
     on conflict (provider) do update set maintenance = excluded.maintenance, maintenance_message = excluded.maintenance_message`,
    { provider, on, message: message === null ? null : JSON.stringify(message) },
  );
}
