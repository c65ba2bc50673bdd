import { type GatewayHealth, gatewayHealth, isUp } from '@mingdan/operations';
import { type ProviderName, providerNames } from '@mingdan/payments/settings';
import type { Command } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { timeText } from '../print.ts';

export function registerGateways(program: Command, context: Context): void {
  const gateways = group(program, 'gateways', 'The ways to pay that this shop has keys for.');
  answering(
    gateways,
    context,
    'list',
    'Each with its state: offered, left out for a while, stopped by operators.',
    () =>
      withDatabase(context, async (db, { providers, offered }) => {
        const health = new Map((await gatewayHealth(db)).map((each) => [each.provider, each]));
        const names = providerNames.filter((name) => providers.has(name));
        return answer(
          context,
          names.map((provider) => judge(context, provider, offered, health.get(provider))),
        );
      }),
  );
}

interface GatewayState {
  provider: ProviderName;
  /** `trying`: it was left out, and the next payment tries it again */
  state: 'offered' | 'not_offered' | 'left_out' | 'trying' | 'maintenance';
  health: GatewayHealth | undefined;
}

function judge(
  { clock }: Context,
  provider: ProviderName,
  offered: readonly ProviderName[],
  health: GatewayHealth | undefined,
): GatewayState {
  if (!offered.includes(provider)) return { provider, state: 'not_offered', health };
  if (health?.maintenance) return { provider, state: 'maintenance', health };
  if (!health || health.openedAt === null) return { provider, state: 'offered', health };
  return { provider, state: isUp(health, clock.now()) ? 'trying' : 'left_out', health };
}

function answer(context: Context, states: readonly GatewayState[]): Answer {
  const { t } = context.texts();
  if (states.length === 0) return { json: [], lines: [t('gateways.none')] };
  return {
    json: states.map(({ provider, state, health }) => ({
      provider,
      state,
      failures: health?.failures ?? 0,
      last_error: health?.lastError ?? null,
      last_failed_at: health?.lastFailedAt ?? null,
      left_out_since: health?.openedAt ?? null,
      tried_again_at: health?.probeAt ?? null,
    })),
    lines: states.flatMap(({ provider, state, health }) => [
      `${provider}  ${t(`gateways.${state}`)}`,
      ...(health && health.failures > 0 && health.lastFailedAt !== null
        ? [`  ${timeText(health.lastFailedAt)}  ×${health.failures}  ${health.lastError ?? ''}`]
        : []),
    ]),
  };
}
