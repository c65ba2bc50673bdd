import type { Db } from '@mingdan/db';
import type { Clock, Logger, Vault } from '@mingdan/kernel';
import type {
  askForRefund,
  cancelOrder,
  checkPayment,
  OperationDeps,
  orderLink,
  resendReport,
  startPayment,
} from '@mingdan/operations';
import type { BotLink } from '../bot-link.ts';
import type { Texts } from '../texts.ts';
import type { LimitedTelegram } from './client.ts';

/** What only the chat needs; addresses, keys and the operators' chat come with the operations. */
export interface TelegramSettings {
  readonly token: string;
  readonly apiRoot: string;
  readonly mode: 'polling' | 'webhook';
  readonly baziSource: 'local' | 'yuanfenju';
}

/** What the conversations may do to orders and money; handed in, so that tests need no gateway. */
export interface Operations {
  startPayment: typeof startPayment;
  checkPayment: typeof checkPayment;
  askForRefund: typeof askForRefund;
  cancelOrder: typeof cancelOrder;
  resendReport: typeof resendReport;
  orderLink: typeof orderLink;
}

/** Everything a conversation needs. */
export interface TelegramServices {
  readonly db: Db;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  readonly texts: Texts;
  readonly telegram: LimitedTelegram;
  readonly operationDeps: OperationDeps;
  readonly operations: Operations;
  readonly settings: TelegramSettings;
  /** the bot itself, as people find it */
  readonly bot: () => Promise<BotLink>;
  /** something was put into the outbox: look now */
  readonly wakeOutbox: () => void;
}
