import type { Db } from '@mingdan/db';
import type { Clock, Logger, Vault } from '@mingdan/kernel';
import type { PaymentClient, ProviderName } from '@mingdan/payments';

/** What every operation needs: put together once in `apps/bot/src/deps.ts` and `apps/cli/src/deps.ts`. */
export interface OperationDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  /** the gateways that can be used, in the order in which they are offered */
  readonly clients: ReadonlyMap<ProviderName, PaymentClient>;
  readonly settings: OperationSettings;
}

export interface OperationSettings {
  /** base of every notify URL, without a trailing slash */
  readonly webhookUrl: string;
  readonly publicUrl: string;
  readonly orderExpiryMinutes: number;
  /** providers' own notify URLs that override the built one */
  readonly notifyUrls: Readonly<Partial<Record<ProviderName, string>>>;
  /** first of SECRET_KEY signs, all verify */
  readonly secretKeys: readonly string[];
  readonly operatorChatId: number | null;
  readonly operatorLanguage: string;
  readonly maxOpenOrdersPerBuyer: number;
}
