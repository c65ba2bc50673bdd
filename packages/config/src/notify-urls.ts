import { type Environment, isInTheClear, isPlaceholder, rawValue } from './environment.ts';
import { type Problem, problem, type Warning } from './problems.ts';
import type { ProviderName } from './providers.ts';

export type NotifyUrls = Readonly<Partial<Record<ProviderName, string>>>;

export interface ReadNotifyUrls {
  readonly notifyUrls: NotifyUrls;
  readonly refundNotifyUrls: NotifyUrls;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Warning[];
}

const ABOUT = {
  expected: 'the full https address that the gateway sends its notices to, without a query string',
  example: 'https://pay.example.com/webhook/alipay',
};

/** `<PROVIDER>_NOTIFY_URL` and `<PROVIDER>_REFUND_NOTIFY_URL` stand in for the addresses that are built from WEBHOOK_URL. */
export function readNotifyUrls(
  env: Environment,
  providers: readonly ProviderName[],
  production: boolean,
): ReadNotifyUrls {
  const notices = readAll(env, providers, 'NOTIFY_URL', production);
  const refunds = readAll(env, providers, 'REFUND_NOTIFY_URL', production);
  return {
    notifyUrls: notices.urls,
    refundNotifyUrls: refunds.urls,
    problems: [...notices.problems, ...refunds.problems],
    warnings: [...notices.warnings, ...refunds.warnings],
  };
}

function readAll(env: Environment, providers: readonly ProviderName[], ending: string, production: boolean) {
  const urls: Partial<Record<ProviderName, string>> = {};
  const problems: Problem[] = [];
  const warnings: Warning[] = [];
  for (const provider of providers) {
    const name = `${provider.toUpperCase()}_${ending}`;
    const value = rawValue(env, name);
    if (value === undefined || isPlaceholder(value)) continue;
    const found = judge(name, value, production);
    problems.push(...found.problems);
    warnings.push(...found.warnings);
    if (found.problems.length === 0) urls[provider] = value;
  }
  return { urls, problems, warnings };
}

/** A gateway takes nearly any address and says nothing of a notice that gets lost on the way to it. */
function judge(name: string, value: string, production: boolean): { problems: Problem[]; warnings: Warning[] } {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value))
    return { problems: [problem('invalid', name, ABOUT)], warnings: [] };
  const { search, hash, pathname } = new URL(value);
  const query = search !== '' || hash !== '' || value.includes('?');
  if (production && query) return { problems: [problem('invalid', name, ABOUT, QUERY)], warnings: [] };
  if (production && isInTheClear(value))
    return { problems: [problem('invalid', name, ABOUT, 'production wants https')], warnings: [] };
  const warnings: Warning[] = [];
  if (query) warnings.push({ code: 'notify_query', subject: name, text: `${name}: ${QUERY}` });
  if (pathname.endsWith('/')) warnings.push({ code: 'notify_slash', subject: name, text: `${name}: ${SLASH}` });
  return { problems: [], warnings };
}

const QUERY = 'WeChat Pay sends no notices to an address with a query string, and does not say so';
const SLASH = 'it ends with a slash; write the address without one, as gateways and proxies may tell the two apart';
