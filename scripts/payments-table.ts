// The table of docs/payments.md, made of what the providers say of themselves. `--write` puts it there; tests/docs-money.test.ts fails while it is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refundRules } from '@mingdan/fulfilment';
import { type Currency, formatAmount } from '@mingdan/kernel';
import { type PaymentMethod, type ProviderCapabilities, providerCapabilities } from '@mingdan/payments/capabilities';
import { providerSettings } from '@mingdan/payments/settings';

const page = join(import.meta.dirname, '../docs/payments.md');
const example = join(import.meta.dirname, '../.env.example');
const PLACES = {
  abilities: /(<!-- scripts\/payments-table\.ts --write -->\n)[\s\S]*?(<!-- end -->)/,
  refunds: /(<!-- refund rules -->\n)[\s\S]*?(<!-- end -->)/,
};

export const readPage = (): string => readFileSync(page, 'utf8');

/** The page as it should be. */
export function withTables(text: string): string {
  const all = [...providerCapabilities.values()].filter(isOfMingdan);
  const methods = [
    ['provider', 'method', 'currency', 'min', 'max', 'the buyer gets', 'offered', 'needs'],
    ...all.flatMap((known) => known.methods.map((method) => methodRow(known, method))),
  ];
  const abilities = [
    ['provider', 'refund', 'partial', 'close', 'query', 'list', 'shortest life', 'late', 'notice key', 'asked after'],
    ...all.map(abilityRow),
  ];
  const put = (page: string, place: RegExp, what: string): string =>
    page.replace(place, (_, begin: string, end: string) => `${begin}\n${what}\n\n${end}`);
  return put(put(text, PLACES.abilities, `${table(methods)}\n\n${table(abilities)}`), PLACES.refunds, table(refunds()));
}

/** A gateway of your own, none of whose variables .env.example shows, is told of by its own README. */
function isOfMingdan({ provider, developmentOnly }: ProviderCapabilities): boolean {
  const shown = readFileSync(example, 'utf8');
  const variables = providerSettings.find((each) => each.provider === provider)?.variables ?? [];
  return developmentOnly === true || variables.length === 0 || variables.some(({ name }) => shown.includes(`${name}=`));
}

function refunds(): string[][] {
  const share = (percent: number): string => (percent === 0 ? 'operators decide' : `${percent} % at once`);
  const rows = Object.entries(refundRules).map(([kind, { undelivered, delivered, deliveredDays }]) => {
    const within = delivered === 0 ? '' : `, within ${deliveredDays} days of the payment`;
    return [kind, share(undelivered), `${share(delivered)}${within}`];
  });
  return [['kind', 'not delivered yet', 'delivered'], ...rows];
}

function methodRow(known: ProviderCapabilities, method: PaymentMethod): string[] {
  const { currency, min, max, shows, needs = [] } = method;
  return [
    `[${known.provider}](../packages/payments/src/providers/${known.provider}/README.md)`,
    `\`${method.method}\``,
    currency,
    amount(min, currency),
    max === null ? '' : amount(max, currency),
    shows.replaceAll('_', ' '),
    offered(known, method.method),
    needs.join(', '),
  ];
}

/** Where a person is offered it by itself; everything else is had through the API. */
function offered({ chat, web, developmentOnly, methods }: ProviderCapabilities, method: string): string {
  const repeats = methods.find((each) => each.method === method)?.repeatsDays;
  if (repeats !== undefined) return `chat, Mini App; every ${repeats} days, a month's membership only`;
  const places = { chat, phone: web.phone, computer: web.computer };
  const found = Object.entries(places).flatMap(([place, name]) => (name === method ? [place] : []));
  return `${found.join(', ') || 'API only'}${developmentOnly ? '; never in production' : ''}`;
}

function abilityRow(known: ProviderCapabilities): string[] {
  const yes = (can: boolean): string => (can ? 'yes' : 'no');
  const { shortestLifeMinutes: shortest, lateHours, askAfterMinutes } = known;
  return [
    known.provider,
    known.refund === 'api' ? 'by itself' : 'by hand',
    yes(known.partialRefund),
    yes(known.close),
    yes(known.query),
    yes(known.lists),
    shortest === 0 ? '' : `${shortest} min`,
    lateHours === 0 ? '' : `${lateHours} h`,
    known.noticeKey,
    askAfterMinutes.length === 0 ? '' : `${askAfterMinutes.join(', ')} min`,
  ];
}

function amount(minor: number, currency: Currency): string {
  return formatAmount({ minor, currency }).replace(/(\.\d\d)0+$/, '$1');
}

function table([head = [], ...rows]: readonly string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return lines.map((line) => line.replace(/ {2,}/g, ' ')).join('\n');
}

if (process.argv.includes('--write')) writeFileSync(page, withTables(readPage()));
