import type { Plan } from './environment.ts';
import type { System } from './system.ts';

const SANDBOX = 'sandbox (no key in .env)';

/** What `npm start` tells once all is ready: what is real, what is not, and where to go. */
export function describeSystem(system: System, secrets: string, tookMs: number): string[] {
  const { plan, webhookUrl, botUrl, sandbox } = system;
  const bazi = { real: 'Yuanfenju', sandbox: SANDBOX, local: 'computed here' };
  const rows: [string, string][] = [
    ['Telegram', plan.telegram === 'real' ? 'real: write to your bot' : SANDBOX],
    [
      'Payments',
      plan.payments.length > 0
        ? `real: ${plan.payments.join(', ')}`
        : 'sandbox: PingPong with play money (no key in .env)',
    ],
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
    ...(sandbox && plan.telegram === 'sandbox' ? [`  Open the chat:      ${sandbox.chatUrl}`] : []),
    ...(sandbox ? [`  Control panel:      ${sandbox.panelUrl}`] : []),
    `  Pages and API:      ${botUrl}/api/products`,
    `  Order state:        ${botUrl}/api/order-status/<order number>`,
    `  Gateways' notices:  ${webhookUrl}/webhook/<provider>`,
    `  ADMIN_TOKEN, API_KEY: in ${secrets} (unless .env sets them)`,
    ...(isAnythingReal(plan) ? ['  npm run -s mingdan -- doctor checks your keys.'] : []),
    '',
    '  Ctrl-C stops everything. Below: what the processes say.',
    '',
  ];
}

function isAnythingReal({ telegram, deepseek, bazi, payments }: Plan): boolean {
  return payments.length > 0 || [telegram, deepseek, bazi].includes('real');
}
