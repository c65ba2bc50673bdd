import type { Db } from '@mingdan/db';
import type { Clock, Logger, Vault } from '@mingdan/kernel';
import type { PaymentClient, ProviderName } from '@mingdan/payments';

/** What every operation needs: put together once in `apps/bot/src/deps.ts` and `apps/cli/src/deps.ts`. */
export interface OperationDeps {
  readonly db: Db;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  /** every gateway that is set up: orders that it has are settled even when it is no longer offered */
  readonly clients: ReadonlyMap<ProviderName, PaymentClient>;
  readonly settings: OperationSettings;
}

export interface OperationSettings {
  /** base of every notify URL, without a trailing slash */
  readonly webhookUrl: string;
  readonly publicUrl: string;
  /** the gateways that new payments are offered, in this order */
  readonly offered: readonly ProviderName[];
  readonly orderExpiryMinutes: number;
  /** providers' own notify URLs that override the built ones */
  readonly notifyUrls: Readonly<Partial<Record<ProviderName, string>>>;
  readonly refundNotifyUrls: Readonly<Partial<Record<ProviderName, string>>>;
  /** CHAT_STARS_ONLY: in chat nothing but Telegram Stars is offered */
  readonly chatStarsOnly: boolean;
  /** Stars are listed in PAYMENT_PROVIDERS: products without a price in Stars are sold for them by their rate */
  readonly starsByRate: boolean;
  /** first of SECRET_KEY signs, all verify */
  readonly secretKeys: readonly string[];
  readonly operatorChatId: number | null;
  readonly operatorLanguage: string;
  readonly maxOpenOrdersPerBuyer: number;
}
