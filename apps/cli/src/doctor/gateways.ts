import { createClients, GatewayUnreachable, type PaymentClient } from '@mingdan/payments/clients';
import { diagnose } from '@mingdan/payments/doctor';
import type { ProviderName } from '@mingdan/payments/settings';
import type { Context } from '../context.ts';
import { cliLogger } from '../deps.ts';
import { localised } from '../print.ts';
import type { Texts } from '../texts.ts';
import { type Finding, findingsOf } from './finding.ts';

const { ok, warn, fail } = findingsOf('gateway');

/** An order that never was: asking for it proves address and keys, and changes nothing. */
const NO_ORDER = { gatewayOrderId: 'REPORT_20200101_D0CT0R00', providerPaymentId: null };

/** Telegram has a check of its own, the others live in our own database. */
const WITHOUT_GATEWAY: readonly ProviderName[] = ['stars', 'points', 'redpacket', 'mock'];

export function isGateway(provider: ProviderName): boolean {
  return !WITHOUT_GATEWAY.includes(provider);
}

export async function checkGateways(context: Context): Promise<Finding[]> {
  const { config } = context.settings();
  const gateways = new Map([...config.providers].filter(([provider]) => isGateway(provider)));
  if (gateways.size === 0) return [config.starsByRate ? ok('stars_alone') : warn('none')];
  const clients = createClients(gateways, { clock: context.clock, log: cliLogger(context) });
  const asked = await Promise.all([...clients.values()].map(judgeGateway));
  const odd = [...gateways].flatMap(([provider, settings]) => judgeKeys(context.texts(), provider, settings));
  const switchedOff = [...gateways.keys()].filter((name) => !config.offered.includes(name));
  return [...asked, ...odd, ...switchedOff.map((provider) => ok('not_offered', { provider }))];
}

export async function judgeGateway(client: Pick<PaymentClient, 'provider' | 'queryPayment'>): Promise<Finding> {
  const { provider } = client;
  try {
    await client.queryPayment(NO_ORDER);
    return ok('answers', { provider });
  } catch (error) {
    return fail(error instanceof GatewayUnreachable ? 'no_answer' : 'refused', { provider });
  }
}

/** What each provider knows of its own keys: mostly one that was taken for another. */
function judgeKeys(texts: Texts, provider: ProviderName, settings: unknown): Finding[] {
  return diagnose(provider, settings).map(({ state, variable, text }) => {
    const params = { variable, text: localised(text, texts) };
    return state === 'fail' ? fail('odd_key', params) : warn('odd_key', params);
  });
}
