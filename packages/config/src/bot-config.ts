import type { DataKey } from '@mingdan/kernel';
import type { CertificateEnd } from './certificates.ts';
import type { TrustProxy } from './formats.ts';
import type { NotifyUrls } from './notify-urls.ts';
import type { Problem, Warning } from './problems.ts';
import type { ProviderMap, ProviderName } from './providers.ts';
import type { BotRole, LogLevel } from './variables.ts';

/** `Missing` is `never` where a process cannot run without its settings, `null` where a tool takes what there is. */
export interface Settings<Missing> {
  readonly production: boolean;
  readonly logLevel: LogLevel;
  readonly roles: readonly BotRole[];
  readonly port: number;
  readonly databaseUrl: string | Missing;
  /** PEM */
  readonly databaseCa: string | null;
  readonly operatorLanguage: 'zh-CN' | 'zh-TW' | 'en';
  readonly urls: {
    /** base of pages and API, without a trailing slash */
    readonly public: string;
    /** base of the notify URLs, without a trailing slash */
    readonly webhook: string;
  };
  readonly http: {
    readonly trustProxy: TrustProxy | null;
    readonly corsOrigins: readonly string[];
    /** beside the host of PUBLIC_URL */
    readonly returnUrlHosts: readonly string[];
    /** where the gateways' stand-ins can be told what a buyer does; null in production, whatever is set */
    readonly sandboxUrl: string | null;
    readonly initDataMaxAgeSeconds: number;
    /** calls with the API key have to be signed */
    readonly requireSignature: boolean;
  };
  readonly telegram: {
    readonly token: string | Missing;
    readonly apiRoot: string;
    readonly mode: 'polling' | 'webhook';
    readonly operatorChatId: number | null;
    readonly adminIds: readonly number[];
  };
  /** null: there is no mail server, and buyers without a chat hear nothing */
  readonly mail: { readonly smtpUrl: string; readonly from: string } | null;
  readonly deepseek: {
    readonly apiKey: string | Missing;
    readonly baseUrl: string;
    readonly model: string;
    readonly maxRetries: number;
    /** time without a data chunk; the total limit is three times that */
    readonly timeoutMs: number;
  };
  readonly bazi: {
    /** what an order made now uses: `auto` is decided here */
    readonly source: 'local' | 'yuanfenju';
    readonly fallback: 'none' | 'local';
    /** null without a key */
    readonly yuanfenju: { readonly apiKey: string; readonly baseUrl: string; readonly timeoutMs: number } | null;
  };
  readonly orders: {
    readonly pollSeconds: number;
    readonly expiryMinutes: number;
    readonly leaseSeconds: number;
    readonly concurrency: number;
    readonly fulfilmentDeadlineHours: number;
    readonly deliveryMaxHours: number;
    readonly retryBaseMs: number;
  };
  readonly keys: {
    /** the first encrypts, all decrypt */
    readonly data: readonly DataKey[];
    /** the first signs, all verify */
    readonly secret: readonly string[];
    readonly api: string | Missing;
    readonly admin: string | Missing;
  };
  /** every provider whose keys are there: orders that it has are settled even when it is no longer offered */
  readonly providers: ProviderMap;
  /** the providers that new orders are offered, in order */
  readonly offered: readonly ProviderName[];
  /** providers' own notify URLs, which override the built ones */
  readonly notifyUrls: NotifyUrls;
  readonly refundNotifyUrls: NotifyUrls;
  /** CHAT_STARS_ONLY: in chat nothing but Telegram Stars is offered */
  readonly chatStarsOnly: boolean;
  /** Stars are listed in PAYMENT_PROVIDERS: products without a price in them are sold by their rate */
  readonly starsByRate: boolean;
  /** every certificate among the settings; `endingSoon` says which ones to renew */
  readonly certificates: readonly CertificateEnd[];
  readonly warnings: readonly string[];
}

/** All that the bot process knows. */
export type BotConfig = Settings<never>;
/** The same for the CLI: what is missing is null (keys: none). */
export type CliConfig = Settings<null>;

export interface CliReading {
  readonly config: CliConfig;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}
