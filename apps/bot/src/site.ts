import type { Db } from '@mingdan/db';
import { readSupportContact } from '@mingdan/orders';
import type { BotLink } from './bot-link.ts';

/** What pages say of the shop itself. */
export interface Site {
  /** undefined until Telegram has said its name */
  readonly bot: BotLink | undefined;
  /** `support_contact`: an address, a link or a name at Telegram, as operators wrote it */
  readonly supportContact: string | undefined;
}

export async function siteOf({
  db,
  bot,
}: {
  readonly db: Db;
  readonly bot?: () => BotLink | undefined;
}): Promise<Site> {
  // A page that says that something does not work must not fail for this.
  const supportContact = await readSupportContact(db).catch(() => undefined);
  return { bot: bot?.(), supportContact };
}

/** Where a contact leads; undefined for what is to be read only, such as a telephone number. */
export function contactAddress(contact: string): string | undefined {
  if (/^https:\/\/\S+$/.test(contact)) return contact;
  if (/^@\w{4,32}$/.test(contact)) return `https://t.me/${contact.slice(1)}`;
  return /^[^\s@]+@[^\s@]+$/.test(contact) ? `mailto:${contact}` : undefined;
}
