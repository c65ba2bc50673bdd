import type { Logger } from '@mingdan/kernel';
import type { GatewayKeys } from './gateways/index.ts';
import type { PingPongKeys } from './gateways/pingpong/keys.ts';

export interface NewPerson {
  /** Telegram user id; the next free one when left out */
  readonly id?: number;
  readonly name: string;
  /** IETF tag as Telegram sends it: zh-hans, zh-hant, en */
  readonly language: string;
  readonly username?: string;
  /** true: has pressed Start before, so that the bot may write first */
  readonly started?: boolean;
}

export interface SandboxOptions {
  /** 0 = a free one */
  readonly port: number;
  readonly host?: string;
  /** of the mail server; a free one when left out */
  readonly smtpPort?: number;
  /** where chats and payments are kept over a restart; nothing is kept without it */
  readonly dataDir?: string;
  readonly botToken: string;
  readonly botUsername?: string;
  /** short for `gateways: { pingpong }` */
  readonly pingpong?: PingPongKeys;
  /** what each gateway's stand-in holds, as its `makeKeys()` makes it; a gateway without keys does not answer */
  readonly gateways?: GatewayKeys;
  /** root of the webhook process, for gateways that are told it in their console; `control.setWebhookUrl` where it is known later */
  readonly webhookUrl?: string;
  /** the bot's Mini App, which the chat opens in a frame; none when left out */
  readonly miniAppUrl?: string;
  readonly deepseekApiKey: string;
  readonly yuanfenjuApiKey: string;
  readonly log: Logger;
  /** who is there at the start; two customers, one English speaker and an operator when left out */
  readonly people?: readonly NewPerson[];
  /** the model names that DeepSeek knows */
  readonly deepseekModels?: readonly string[];
  /** milliseconds that writing one answer takes */
  readonly writingMs?: number;
  /** waits before the second, third… delivery of a payment notice, milliseconds; each gateway's own when left out */
  readonly noticeRetryMs?: readonly number[];
  /** first wait before an update is sent to a webhook again, milliseconds; doubles up to a minute */
  readonly webhookRetryMs?: number;
}

/** Who hears the alarms, where the sandbox plays Telegram and no other chat is named. */
export const operatorPersonId = 9001;

export const defaultPeople: readonly NewPerson[] = [
  { id: 1001, name: '张小明', language: 'zh-hans', username: 'zhang_xiaoming' },
  { id: 1002, name: '陳美玲', language: 'zh-hant', username: 'chen_meiling' },
  { id: 1003, name: 'Alice Wong', language: 'en', username: 'alice_wong' },
  { id: operatorPersonId, name: '值班客服', language: 'zh-hans', username: 'operator', started: true },
];

export const defaultModels: readonly string[] = ['deepseek-flash', 'deepseek-v4-flash', 'deepseek-v4-pro'];
