import { operatorPersonId } from '@mingdan/app-sandbox/src/options.ts';
import type { Plan } from './environment.ts';
import type { System } from './system.ts';

const SANDBOX = 'sandbox (no key in .env)';

/** What `npm start` tells once all is ready: what is real, what is not, and where to go. */
export function describeSystem(system: System, secrets: string, tookMs: number): string[] {
  const { plan, webhookUrl, botUrl, sandbox } = system;
  const bazi = { real: 'Yuanfenju', sandbox: SANDBOX, local: 'computed here' };
  const rows: [string, string][] = [
    ['Telegram', plan.telegram === 'real' ? 'real: write to your bot' : SANDBOX],
    ['Payments', paymentsOf(system)],
    ['Mail', plan.mail === 'real' ? 'real' : SANDBOX],
    ['DeepSeek', plan.deepseek === 'real' ? 'real' : SANDBOX],
    ['Bazi', bazi[plan.bazi]],
    ['Database', plan.database === 'embedded' ? 'embedded PostgreSQL, kept over a restart' : 'yours (DATABASE_URL)'],
  ];
  return [
    '',
    `Mingdan is ready (${(tookMs / 1_000).toFixed(1)} s).`,
    '',
    ...rows.map(([name, text]) => `  ${name.padEnd(10)}${text}`),
    '',
    ...(sandbox && plan.telegram === 'sandbox'
      ? [
          `  Open the chat:      ${sandbox.chatUrl}`,
          `  Operators' chat:    ${sandbox.chatUrl}?user=${operatorPersonId} (alarms, refund wishes, /support)`,
        ]
      : []),
    ...(sandbox && plan.mail === 'sandbox' ? [`  Inbox of buyers:    ${sandbox.inboxUrl}`] : []),
    ...(sandbox && plan.playMoney.includes('wechat')
      ? [`  To scan a code:     ${new URL('/scan', sandbox.panelUrl)} (takes an order number too)`]
      : []),
    ...(sandbox ? [`  Control panel:      ${sandbox.panelUrl}`] : []),
    `  Shop, coins, app:   ${botUrl}/shop  ${botUrl}/coin  ${botUrl}/app`,
    `  API, every call:    ${botUrl}/api/docs`,
    `  Order state:        ${botUrl}/api/order-status/<order number>`,
    `  Gateways' notices:  ${webhookUrl}/webhook/<provider>`,
    `  ADMIN_TOKEN, API_KEY: in ${secrets} (unless .env sets them)`,
    ...(isAnythingReal(plan) ? ['  npm run -s mingdan -- doctor checks your keys.'] : []),
    '',
    '  Ctrl-C stops everything. Below: what the processes say.',
    '',
  ];
}

/** What new orders are offered, and what of it is play money. */
function paymentsOf({ plan, offered }: System): string {
  const kindOf = (name: string): string => {
    if (name === 'stars') return plan.telegram === 'real' ? 'real' : 'play money';
    if (plan.payments.includes(name)) return 'real';
    return name === 'points' || name === 'redpacket' ? 'in house' : 'play money';
  };
  const parts = ['real', 'play money', 'in house'].flatMap((kind) => {
    const names = offered.filter((name) => kindOf(name) === kind);
    return names.length > 0 ? [`${kind}: ${names.join(', ')}`] : [];
  });
  if (plan.payments.length > 0 && offered.every((name) => kindOf(name) !== 'play money'))
    parts.push('no play money beside it');
  return parts.join('; ') || 'none is offered';
}

function isAnythingReal({ telegram, deepseek, bazi, payments }: Plan): boolean {
  return payments.length > 0 || [telegram, deepseek, bazi].includes('real');
}
