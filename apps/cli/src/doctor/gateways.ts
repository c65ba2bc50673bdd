import { createClients, GatewayUnreachable, type PaymentClient } from '@mingdan/payments/clients';
import type { Context } from '../context.ts';
import { cliLogger } from '../deps.ts';
import { type Finding, findingsOf } from './finding.ts';

const { ok, warn, fail } = findingsOf('gateway');

/** An order that never was: asking for it proves address and keys, and changes nothing. */
const NO_ORDER = 'REPORT_20200101_D0CT0R00';

export async function checkGateways(context: Context): Promise<Finding[]> {
  const { config } = context.settings();
  if (config.providers.size === 0) return [warn('none')];
  const log = cliLogger(context);
  const clients = createClients(config.providers, { clock: context.clock, log });
  const asked = await Promise.all([...clients.values()].map(judgeGateway));
  const switchedOff = [...config.providers.keys()].filter((name) => !config.offered.includes(name));
  return [...asked, ...switchedOff.map((provider) => ok('not_offered', { provider }))];
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
