import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { providerCapabilities } from '@mingdan/payments/capabilities';
import { calls } from '../apps/bot/src/http/openapi/calls/index.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every page of the repository, as paths from its root. Prompt templates are Markdown too, but no pages. */
function pages(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'node_modules' || entry.name.startsWith('.') || path.endsWith('report/products')
        ? []
        : pages(path);
    return entry.name.endsWith('.md') ? [relative(root, path)] : [];
  });
}

/** The code files below a folder of the repository. */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

const all = pages();
const guides = all.filter((path) => !path.startsWith('docs/adr/'));

/** What lies between fences is code: it has no links. */
const withoutCode = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```$/gm, '').replace(/`[^`\n]*`/g, '');

function linksOf(path: string): string[] {
  const text = withoutCode(read(path));
  const markdown = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const html = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, target = '']) => target);
  return [...markdown, ...html].filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that a page offers, made of its headings as Git hosts make them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function isBroken(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : relative(root, join(root, dirname(page), path));
  if (target.startsWith('..') || !existsSync(join(root, target))) return true;
  return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
}

describe('the pages', () => {
  test.each(all)('%s links only to what is there', (page) => {
    expect(linksOf(page).filter((link) => isBroken(page, link))).toEqual([]);
  });

  test.each(all)('%s has no empty drawing and no path of a machine', (page) => {
    const text = read(page);
    for (const [, drawing = ''] of text.matchAll(/```mermaid\n([\s\S]*?)```/g))
      expect(drawing.trim().split('\n').length).toBeGreaterThan(2);
    expect(text).not.toMatch(/(?:^|[\s"'`(])\/(?:home|root|work|Users|tmp)\//m);
  });

  test('the map names every page of docs', () => {
    const map = linksOf('docs/README.md');
    const missing = all.filter((path) => /^docs\/(?!README)/.test(path) && !map.includes(relative('docs', path)));
    expect(missing).toEqual([]);
  });

  test('the Chinese pages have the sections of the English ones, and their tables and commands', () => {
    for (const [english, chinese] of [
      ['README.md', 'README.zh-CN.md'],
      ['docs/operate.md', 'docs/zh-CN/operate.md'],
    ] as const) {
      const levels = (path: string) => [...read(path).matchAll(/^(#+) /gm)].map(([, marks]) => marks);
      const rows = (path: string) => read(path).match(/^\|.*\|$/gm)?.length;
      const variables = (path: string) => new Set(read(path).match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g));
      expect(levels(chinese)).toEqual(levels(english));
      expect(rows(chinese)).toBe(rows(english));
      expect(variables(chinese)).toEqual(variables(english));
    }
  });
});

describe('what the pages name', () => {
  test('npm commands are in package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const builtin = ['start', 'test', 'ci', 'install', 'rebuild'];
    for (const page of all) {
      for (const [, run, name = ''] of read(page).matchAll(/\bnpm (run )?(?:-s )?([a-z][a-z:-]*)/g)) {
        if (run === undefined && name === 'package') continue;
        expect(run === undefined ? builtin : Object.keys(scripts)).toContain(name);
      }
    }
  });

  test('every call of the API, and every field that one takes, stands on its page', () => {
    const page = read('docs/http-api.md');
    // Written shorter there: the last part of a path after an ellipsis, ids by the name that the caller knows.
    const isNamed = (path: string): boolean => {
      const words = path.replaceAll('{', '<').replaceAll('}', '>').replace('<order_id>', '<orderId>');
      const tail = words.slice(words.lastIndexOf('/', words.endsWith('>') ? words.lastIndexOf('/') - 1 : undefined));
      return page.includes(words) || page.includes(`…${tail}`);
    };
    const fields = calls.flatMap(({ id, body }) =>
      Object.keys((body?.schema as { shape?: object } | undefined)?.shape ?? {}).map((field) => [id, field] as const),
    );
    const elsewhere = ['/api/payment/mock/{outcome}/{id}', '/app'];
    expect(calls.map(({ path }) => path).filter((path) => !isNamed(path) && !elsewhere.includes(path))).toEqual([]);
    expect(fields.filter(([, field]) => !new RegExp(`[\`"]${field}\\b`).test(page))).toEqual([]);
  });

  test('every variable of .env.example is explained there, and every variable of the pages is one', () => {
    const lines = read('.env.example').split('\n');
    const shown = Object.keys(parseEnv(read('.env.example').replace(/^# ([A-Z0-9_]+=)/gm, '$1')));
    const isExplained = (name: string): boolean => {
      const at = lines.findIndex((line) => line.replace(/^# /, '').startsWith(`${name}=`));
      const block = lines.slice(lines.slice(0, at).lastIndexOf('') + 1, at);
      return block.some((line) => /^# (?![A-Z0-9_]+=)/.test(line)) || read('docs/operate.md').includes(name);
    };
    expect(shown.filter((name) => !isExplained(name))).toEqual([]);
    const methods = [...providerCapabilities.values()].flatMap((known) => known.methods.map(({ method }) => method));
    const elsewhere = [
      'POSTGRES_PASSWORD',
      'NODE_EXTRA_CA_CERTS',
      'NOTICE_PRIVATE_KEY',
      'MOCK_WEBHOOK_SECRET',
      ...methods,
    ];
    const pagesOfOperators = ['operate', 'money', 'payments', 'architecture', 'http-api'];
    for (const page of ['README.md', ...pagesOfOperators.map((name) => `docs/${name}.md`)]) {
      const named = read(page).match(/`[A-Z][A-Z0-9]*_[A-Z0-9_]+\b(?=[`=])/g) ?? [];
      for (const name of named) expect([...shown, ...elsewhere]).toContain(name.slice(1));
    }
  });

  test('every command of the CLI is in the operators’ page', async () => {
    const { createProgram } = await import('../apps/cli/src/program.ts');
    const { createContext } = await import('../apps/cli/src/context.ts');
    const { systemClock } = await import('@mingdan/kernel');
    const { processTerminal } = await import('../apps/cli/src/terminal.ts');
    const program = createProgram(createContext(processTerminal(), systemClock, () => ({})));
    const names = program.commands.flatMap((command) =>
      command.commands.length === 0
        ? [command.name()]
        : command.commands.map((below) => `${command.name()} ${below.name()}`),
    );
    expect(names.length).toBeGreaterThan(10);
    const table = read('docs/operate.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    for (const name of names) expect(table.some((line) => line.includes(`\`${name}\``))).toBe(true);
  });

  test('every alarm that is sent has its section in the operators’ page', () => {
    const code = sources('apps/bot/src').concat(sources('packages/fulfilment/src'), sources('packages/operations/src'));
    const sent = new Set(code.flatMap((path) => read(path).match(/(?<=template: ')alarm_\w+/g) ?? []));
    const sections: Record<string, string> = {
      alarm_fulfilment_paused: 'The queue is paused',
      alarm_fulfilment_resumed: 'The queue is paused',
      alarm_money_unmatched: 'Money that fits no order',
      alarm_refund_refused: 'A refund is refused',
      alarm_refund_wanted: 'A buyer wants money back',
      alarm_delivery_parked: 'A report cannot be delivered',
      alarm_mail_given_up: 'A mail cannot be delivered',
      alarm_order_failed: 'An order failed',
      alarm_refused_notices: 'Notices are refused',
      alarm_update_failed: 'An update could not be handled',
      alarm_gateway_down: 'A gateway does not answer',
      alarm_gateway_up: 'A gateway does not answer',
      alarm_days_differ: 'The days differ',
      alarm_redpacket_waiting: 'A red-packet code waits',
      alarm_redpackets_waiting: 'A red-packet code waits',
      alarm_certificate_ends: 'A certificate ends',
      alarm_payment_denied: 'A gateway denies a payment',
      alarm_by_hand: 'Goods to deliver by hand',
      alarm_by_hand_waiting: 'Goods to deliver by hand',
      alarm_stock_low: 'Stock is low',
      alarm_subscription_not_ended: 'A subscription does not end',
      alarm_withdrawal: 'A promoter wants their commission',
    };
    expect([...sent].sort()).toEqual(Object.keys(sections).sort());
    for (const heading of Object.values(sections)) expect(read('docs/operate.md')).toContain(`\n### ${heading}\n`);
  });

  test('nginx is told the notice paths of the Caddyfile, to the letter', () => {
    const pattern = /path_regexp \^(\S+)$/m.exec(read('Caddyfile'))?.[1] ?? 'none';
    for (const page of ['docs/operate.md', 'docs/zh-CN/operate.md'])
      expect(read(page)).toContain(`"~^POST ${pattern}"`);
  });

  test('the guide for a provider has a row for each file that is looked for in its folder', () => {
    const loader = read('packages/payments/src/load.ts');
    const files = [...loader.matchAll(/(?<=[=|] )'([\w-]+)'/g)].map(([, name]) => `${name}.ts`);
    const rows = read('docs/add-a-payment-provider.md').match(/^\| \[([\w.-]+)\]/gm) ?? [];
    expect(rows.map((row) => row.slice(3, -1)).sort()).toEqual(['README.md', 'wire.ts', ...files].sort());
  });

  test('each of the nine rules names the tests that fail when it breaks', () => {
    const rules = read('docs/rules.md')
      .split(/^## \d\. /m)
      .slice(1);
    expect(rules).toHaveLength(9);
    for (const rule of rules) {
      const named = [...rule.matchAll(/^- \[([^\]]+)\]\([^)]+\) “([^”]+)”/gm)];
      expect(named.length).toBeGreaterThan(1);
      for (const [, file = '', title = ''] of named) expect(read(file).replaceAll("\\'", "'")).toContain(title);
    }
  });

  test('the functions and tables that the rules name are in the files beside them', () => {
    for (const [, file = '', about = ''] of read('docs/rules.md').matchAll(/^- \[([^\]]+)\]\([^)]+\): (.*`.*)$/gm)) {
      const code = read(file);
      const names = [...about.matchAll(/`(?:\w+\.)?(\w+)`/g)].map(([, name = '']) => name);
      for (const name of names.filter((each) => !/^[A-Z_]+$/.test(each))) expect(code).toContain(name);
    }
  });

  test('the names of files in links are the files that they lead to', () => {
    for (const page of guides) {
      for (const [, name = '', target = ''] of withoutCode(read(page)).matchAll(/\[([\w./-]+\.\w+)\]\(([^)#\s]+)\)/g)) {
        if (!/^[a-z]+:/.test(target)) expect(target.endsWith(name.split('/').at(-1) ?? '')).toBe(true);
      }
    }
  });
});
