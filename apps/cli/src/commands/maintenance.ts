import type { Db } from '@mingdan/db';
import { type Localised, MingdanError } from '@mingdan/kernel';
import { gatewayHealth, setGatewayMaintenance } from '@mingdan/operations';
import { readMaintenance, writeSetting } from '@mingdan/orders';
import { type ProviderName, providerNames } from '@mingdan/payments/settings';
import { type Command, Option } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../deps.ts';
import { localised } from '../print.ts';

type Options = Readonly<Record<string, unknown>>;

export function registerMaintenance(program: Command, context: Context): void {
  const maintenance = group(
    program,
    'maintenance',
    'Stop taking new orders, or new payments by one provider. What is paid goes on: reports, notices, refunds.',
  );
  const onlyFor = (): Option => new Option('--provider <name>', 'only this way to pay').choices(providerNames);
  answering(maintenance, context, 'on', 'Take no new ones from now on.', (_, options) =>
    withDatabase(context, (db) => turn(context, db, true, options)),
  )
    .addOption(onlyFor())
    .option('--message <text>', 'what buyers read instead of our own words, whatever their language')
    .option('--message-zh-cn <text>', 'the same for readers of simplified Chinese')
    .option('--message-zh-tw <text>', 'the same for readers of traditional Chinese')
    .option('--message-en <text>', 'the same for readers of English');
  answering(maintenance, context, 'off', 'Take new ones again.', (_, options) =>
    withDatabase(context, (db) => turn(context, db, false, options)),
  ).addOption(onlyFor());
  answering(maintenance, context, 'show', 'What is stopped now.', () =>
    withDatabase(context, (db) => show(context, db)),
  );
}

async function turn(context: Context, db: Db, on: boolean, options: Options): Promise<Answer> {
  const message = on ? messageOf(options) : null;
  const provider = providerNames.find((name) => name === options.provider);
  if (provider === undefined) await writeSetting(db, 'maintenance', { on, message });
  else await setGatewayMaintenance(db, provider, on, message);
  return show(context, db);
}

/** One text for all, and one for each language that has its own; a language without any reads the first there is. */
function messageOf(options: Options): Localised | null {
  const own = { 'zh-CN': options.messageZhCn, 'zh-TW': options.messageZhTw, en: options.messageEn };
  const given = [options.message, ...Object.values(own)].map(text).filter((each) => each !== undefined);
  if (given.some((each) => each === '' || each.length > 500)) {
    throw new MingdanError('bad_message', 'a message has 1 to 500 characters', {
      hint: 'Leave it out for our own words',
    });
  }
  const [first] = given;
  if (first === undefined) return null;
  return Object.fromEntries(Object.entries(own).map(([language, value]) => [language, text(value) ?? first]));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value.trim() : undefined;
}

interface Stopped {
  provider: ProviderName | null;
  message: Localised | null;
}

async function show(context: Context, db: Db): Promise<Answer> {
  const [site, gateways] = await Promise.all([readMaintenance(db), gatewayHealth(db)]);
  const stopped: Stopped[] = [
    ...(site.on ? [{ provider: null, message: site.message }] : []),
    ...gateways
      .filter(({ maintenance }) => maintenance)
      .map(({ provider, maintenanceMessage }) => ({ provider, message: maintenanceMessage })),
  ];
  const providers = stopped.flatMap(({ provider, message }) => (provider === null ? [] : [{ provider, message }]));
  return {
    json: { maintenance: site.on, message: site.message, providers },
    lines:
      stopped.length === 0 ? [context.texts().t('maintenance.none')] : stopped.flatMap((one) => linesOf(context, one)),
  };
}

function linesOf(context: Context, { provider, message }: Stopped): string[] {
  const texts = context.texts();
  const line = provider === null ? texts.t('maintenance.all') : texts.t('maintenance.one', { provider });
  return message === null ? [line] : [line, `  ${localised(message, texts)}`];
}
