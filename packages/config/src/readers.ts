import { type ProviderSettings, providerSettings } from '@mingdan/payments/settings';
import * as bot from './bot.ts';
import type { BotConfig, CliReading } from './bot-config.ts';
import type { Environment } from './environment.ts';
import * as webhook from './webhook.ts';

export interface ReadOptions {
  /** the providers that exist; the registry of the payments package when left out */
  readonly providers?: readonly ProviderSettings[];
}

/** The webhook process's part. @throws ConfigError naming everything that is wrong */
export function readWebhookConfig(env: Environment, options: ReadOptions = {}): webhook.WebhookConfig {
  return webhook.readWebhookConfig(env, { providers: options.providers ?? providerSettings });
}

/** The bot process's part. @throws ConfigError naming everything that is wrong */
export function readBotConfig(env: Environment, options: ReadOptions = {}): BotConfig {
  return bot.readBotConfig(env, { providers: options.providers ?? providerSettings });
}

/** As the bot's, for a tool: what is missing is null, what is wrong comes back as a list. Never throws. */
export function readCliConfig(env: Environment, options: ReadOptions = {}): CliReading {
  return bot.readCliConfig(env, { providers: options.providers ?? providerSettings });
}
