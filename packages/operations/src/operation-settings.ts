import type { OperationSettings } from './contract.ts';

/** How many unpaid orders a buyer may have open (docs/http-api.md: 409 `too_many_open_orders`). */
const MOST_OPEN_ORDERS = 20;

/** What of a process's settings operations go by; the configuration of the bot process and that of the CLI both have this shape. */
export interface SettingsOfProcess
  extends Pick<
    OperationSettings,
    'offered' | 'notifyUrls' | 'refundNotifyUrls' | 'chatStarsOnly' | 'starsByRate' | 'operatorLanguage'
  > {
  readonly urls: { readonly webhook: string; readonly public: string };
  readonly orders: { readonly expiryMinutes: number };
  readonly keys: { readonly secret: readonly string[] };
  readonly telegram: { readonly operatorChatId: number | null };
}

export function operationSettings(config: SettingsOfProcess): OperationSettings {
  return {
    webhookUrl: config.urls.webhook,
    publicUrl: config.urls.public,
    offered: config.offered,
    orderExpiryMinutes: config.orders.expiryMinutes,
    notifyUrls: config.notifyUrls,
    refundNotifyUrls: config.refundNotifyUrls,
    chatStarsOnly: config.chatStarsOnly,
    starsByRate: config.starsByRate,
    secretKeys: config.keys.secret,
    operatorChatId: config.telegram.operatorChatId,
    operatorLanguage: config.operatorLanguage,
    maxOpenOrdersPerBuyer: MOST_OPEN_ORDERS,
  };
}
