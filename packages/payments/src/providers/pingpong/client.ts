import type { ClientTools, PaymentClient } from '../../contract.ts';
import { createPlainClient } from './plain/client.ts';
import type { PingpongBot } from './settings.ts';
import { createV4Client } from './v4/client.ts';

/** The protocol that `PINGPONG_PROTOCOL` names. A payment is asked about in the protocol that it was made in, see README.md. */
export function createClient(settings: PingpongBot, tools: ClientTools): PaymentClient {
  return settings.protocol === 'v4' ? createV4Client(settings, tools) : createPlainClient(settings, tools);
}
