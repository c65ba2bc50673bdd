import type { Db } from '@mingdan/db';
import { MingdanError } from '@mingdan/kernel';
import { readOperatorSettings, readSiteSettings, readSupportContact, writeSetting } from '@mingdan/orders';
import type { Command } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { noticesOf, topicsOf } from '../operator-settings.ts';
import { timeText } from '../print.ts';
import { rateNames, settingTimes } from '../site-rates.ts';

const settingNames = ['site_name', 'support_contact', ...rateNames, 'operator_notices', 'operator_topics'] as const;
type SettingName = (typeof settingNames)[number];

interface Setting {
  key: SettingName;
  /** lists and objects as they are kept */
  value: string | number | object;
  /** null: nobody set it, the default counts */
  setAt: Date | null;
}

export function registerSettings(program: Command, context: Context): void {
  const settings = group(
    program,
    'settings',
    'What can be changed while the shop runs: its name, its exchange rates, and what operators are told where.',
  );
  answering(settings, context, 'get [key]', `All of them, or one of: ${settingNames.join(', ')}.`, ([key]) =>
    withDatabase(context, async (db) => {
      const wanted = key === undefined ? null : settingName(key);
      const all = (await readSettings(db)).filter((setting) => wanted === null || setting.key === wanted);
      return {
        json: wanted === null ? all.map(toJson) : toJson(all[0]),
        lines: all.map((one) => lineOf(context, one)),
      };
    }),
  );
  answering(
    settings,
    context,
    'set <key> <value>',
    'Set one. support_contact is shown on pages and in mails; rates price orders from now on; operator_notices is a comma list, operator_topics such as paid=12,alarm=3.',
    ([key = '', text = '']) => withDatabase(context, (db) => set(context, db, settingName(key), text)),
  );
}

async function readSettings(db: Db): Promise<Setting[]> {
  const [{ siteName, rates }, contact, { kinds, topics }, times] = await Promise.all([
    readSiteSettings(db),
    readSupportContact(db),
    readOperatorSettings(db),
    settingTimes(db),
  ]);
  const values = {
    site_name: siteName,
    support_contact: contact ?? '',
    ...rates,
    operator_notices: kinds,
    operator_topics: topics,
  };
  return settingNames.map((key) => ({ key, value: values[key], setAt: times.get(key) ?? null }));
}

async function set(context: Context, db: Db, key: SettingName, text: string): Promise<Answer> {
  await writeSetting(db, key, settingValue(key, text));
  const now = (await readSettings(db)).find((setting) => setting.key === key);
  return { json: toJson(now), lines: now ? [lineOf(context, now)] : [] };
}

function settingValue(key: SettingName, text: string): unknown {
  switch (key) {
    case 'site_name':
      return siteNameOf(text);
    case 'support_contact':
      return contactOf(text);
    case 'operator_notices':
      return noticesOf(text);
    case 'operator_topics':
      return topicsOf(text);
    default:
      return rateOf(key, text);
  }
}

function settingName(text: string): SettingName {
  const found = settingNames.find((name) => name === text.toLowerCase());
  if (found) return found;
  throw new MingdanError('no_such_setting', `there is no setting ${text.slice(0, 40)}`, {
    hint: `It is one of: ${settingNames.join(', ')}; everything else is in the environment`,
  });
}

function siteNameOf(text: string): string {
  const name = text.trim();
  if (name !== '' && name.length <= 60 && !/\p{Cc}/u.test(name)) return name;
  throw new MingdanError('bad_setting', 'that cannot be the name of a shop', {
    hint: 'Write 1 to 60 characters in one line',
  });
}

/** An empty text takes it away again. */
function contactOf(text: string): string {
  const contact = text.trim();
  if (contact === '' || /^https:\/\/\S{3,200}$|^@\w{4,32}$|^[^\s@]{1,100}@[^\s@]{3,150}$/.test(contact)) return contact;
  throw new MingdanError('bad_setting', 'nobody can be reached by that', {
    hint: 'Write an email address, a link that begins with https://, or a name at Telegram such as @shop_help; "" for none',
  });
}

/** As text: a rate that went through a float on the way would price everything by its rounding. */
function rateOf(key: SettingName, text: string): number {
  const value = /^\d{1,6}(?:\.\d{1,6})?$/.test(text.trim()) ? Number(text) : 0;
  if (value > 0) return value;
  throw new MingdanError('bad_rate', `"${text.slice(0, 40)}" cannot be the ${key}`, {
    hint: 'Write what one of them costs in CNY as a decimal above 0 with at most 6 decimals, such as 7.15',
  });
}

function toJson(setting: Setting | undefined): object | null {
  return setting ? { key: setting.key, value: setting.value, set_at: setting.setAt } : null;
}

function lineOf({ texts }: Context, { key, value, setAt }: Setting): string {
  const { t } = texts();
  const shown = typeof value === 'object' ? JSON.stringify(value) : value;
  return `${key} = ${shown}  (${setAt === null ? t('settings.default') : t('settings.set_at', { time: timeText(setAt) })})`;
}
