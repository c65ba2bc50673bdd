import type { Call, CallFilter } from './calls.ts';
import type { FaultPatch, FaultSettings } from './faults.ts';
import { type GatewayControl, gatewayControl } from './gateways/control.ts';
import type { GatewayName } from './gateways/index.ts';
import { type MailControl, mailControl } from './mail/control.ts';
import type { NewPerson } from './options.ts';
import type { Parts } from './parts.ts';
import { type TelegramControl, telegramControl } from './telegram/control.ts';

/** What tests can see and do. */
export interface SandboxControl {
  readonly faults: { read(): FaultSettings; set(patch: FaultPatch): FaultSettings; reset(): void };
  /** calls of all services, oldest first */
  calls(filter?: CallFilter): Call[];
  /** The first finished call that fits, now or later. */
  waitForCall(filter: CallFilter, timeoutMs?: number): Promise<Call>;
  readonly telegram: TelegramControl;
  readonly mail: MailControl;
  /** @throws Error for a gateway that was started without keys */
  gateway(name: GatewayName): GatewayControl;
  /** Tells the gateways' consoles where the webhook process is. */
  setWebhookUrl(url: string): void;
  /** short for `gateway('pingpong')` */
  readonly pingpong: GatewayControl;
}

export type { GatewayControl, NewPerson };

export function makeControl({ calls, faults, bot, inbox, gateways, merchant }: Parts): SandboxControl {
  const gateway = (name: GatewayName): GatewayControl => {
    const open = gateways.get(name);
    if (!open) throw new Error(`the sandbox was started without keys for ${name}`);
    return gatewayControl(open);
  };
  return {
    faults: {
      read: () => faults.read(),
      set: (patch) => faults.set(patch),
      reset: () => faults.reset(),
    },
    calls: (filter) => calls.list(filter),
    waitForCall: (filter, timeoutMs) => calls.waitFor(filter, timeoutMs),
    telegram: telegramControl(bot),
    mail: mailControl(inbox),
    gateway,
    setWebhookUrl: (url) => {
      merchant.webhookUrl = url;
    },
    get pingpong() {
      return gateway('pingpong');
    },
  };
}
