import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..');

/** Who may import whom, by package; a door is part of the name. What is not listed is not allowed. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'packages/kernel': [],
  'packages/db': ['@mingdan/kernel'],
  'packages/orders': ['@mingdan/kernel', '@mingdan/db', '@mingdan/db/testing'],
  'packages/payments': ['@mingdan/kernel'],
  'packages/bazi': ['@mingdan/kernel'],
  'packages/config': ['@mingdan/kernel', '@mingdan/payments/settings'],
  'packages/outbox': ['@mingdan/kernel', '@mingdan/db'],
  'packages/report': ['@mingdan/kernel', '@mingdan/bazi'],
  'packages/fulfilment': [
    '@mingdan/kernel',
    '@mingdan/db',
    '@mingdan/orders',
    '@mingdan/outbox',
    '@mingdan/report',
    '@mingdan/bazi',
  ],
  'packages/operations': [
    '@mingdan/kernel',
    '@mingdan/db',
    '@mingdan/orders',
    '@mingdan/outbox',
    '@mingdan/fulfilment',
    '@mingdan/report',
    '@mingdan/bazi',
    '@mingdan/payments',
    '@mingdan/payments/capabilities',
  ],
  'apps/webhook': [
    '@mingdan/kernel',
    '@mingdan/config',
    '@mingdan/db',
    '@mingdan/orders/record-notice',
    '@mingdan/payments/verifiers',
  ],
};
/** Apps may import every package, but never an app, and never door 1 of payments. */
const FORBIDDEN_TO_APPS = ['@mingdan/payments/verifiers'];

interface Import {
  file: string;
  from: string;
  typeOnly: boolean;
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  const found = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm);
  return [...found].map((match) => ({
    file,
    from: (match[2] ?? match[3]) as string,
    typeOnly: match[1] !== undefined,
  }));
}

const packages = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`);
const apps = readdirSync(join(ROOT, 'apps')).map((name) => `apps/${name}`);
const importsUnder = (folder: string) => filesUnder(`${folder}/src`).flatMap(importsOf);

describe('imports', () => {
  test.each(Object.keys(MAY_IMPORT))('of %s stay within its rules', (folder) => {
    const allowed = MAY_IMPORT[folder] ?? [];
    const strays = importsUnder(folder).filter(({ from }) => from.startsWith('@mingdan/') && !allowed.includes(from));
    expect(strays).toEqual([]);
  });

  test('of every package have a rule', () => {
    expect(packages.filter((folder) => MAY_IMPORT[folder] === undefined)).toEqual([]);
  });

  test.each(['apps/bot', 'apps/cli'])('of %s reach no verifier and no other app', (folder) => {
    const strays = importsUnder(folder).filter(
      ({ from }) => FORBIDDEN_TO_APPS.includes(from) || from.startsWith('@mingdan/app-'),
    );
    expect(strays).toEqual([]);
  });

  test('never leave their package by a relative path', () => {
    const strays = [...packages, ...apps].flatMap((folder) =>
      importsUnder(folder).filter(
        ({ file, from }) => from.startsWith('.') && !join(dirname(file), from).startsWith(folder),
      ),
    );
    expect(strays).toEqual([]);
  });

  test('of libraries are declared by the package that uses them', () => {
    const { devDependencies: types } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const strays = [...packages, ...apps].flatMap((folder) => {
      const own = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
      const declared = new Set(Object.keys({ ...own.dependencies, ...own.devDependencies, ...types }));
      return importsUnder(folder).filter(({ from, typeOnly }) => {
        if (from.startsWith('.') || from.startsWith('node:') || builtinModules.includes(from)) return false;
        const name = from
          .split('/')
          .slice(0, from.startsWith('@') ? 2 : 1)
          .join('/');
        return (
          !own.dependencies?.[name] && !own.devDependencies?.[name] && !(typeOnly && declared.has(`@types/${name}`))
        );
      });
    });
    expect(strays).toEqual([]);
  });
});

/** Follows what is really loaded from a file: relative paths and the doors of our packages. */
function reachedFrom(entry: string): Set<string> {
  const reached = new Set<string>();
  const queue = [entry];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const { from, typeOnly } of importsOf(file)) if (!typeOnly) queue.push(...resolved(file, from));
  }
  return reached;
}

function resolved(file: string, from: string): string[] {
  if (from.startsWith('.')) return from.endsWith('.ts') ? [join(dirname(file), from)] : [];
  if (!from.startsWith('@mingdan/')) return [];
  const [, name = '', door] = from.split('/');
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8'));
  return [join('packages', name, exports[door ? `./${door}` : '.'])];
}

describe('the webhook process', () => {
  const reached = [...reachedFrom('apps/webhook/src/main.ts')];

  test('reaches no client of a gateway, nothing that spends, and of orders only the one statement', () => {
    expect(reached.filter((file) => /client(s)?\.ts$/.test(file))).toEqual([]);
    expect(reached.filter((file) => /^packages\/(fulfilment|outbox|operations|report|bazi)\//.test(file))).toEqual([]);
    expect(reached.filter((file) => file.startsWith('packages/orders/'))).toEqual([
      'packages/orders/src/record-notice.ts',
    ]);
  });

  test('loads providers only by their verifying side', () => {
    const loader = readFileSync(join(ROOT, 'packages/payments/src/verifiers.ts'), 'utf8');
    expect(loader).toMatch(/'verify'/);
    for (const provider of readdirSync(join(ROOT, 'packages/payments/src/providers'))) {
      const folder = `packages/payments/src/providers/${provider}`;
      // Stars and coins send no notices.
      if (!existsSync(join(ROOT, folder, 'verify.ts'))) continue;
      const files = [...reachedFrom(`${folder}/verify.ts`)];
      expect(files.filter((file) => file.endsWith('/client.ts'))).toEqual([]);
      expect(files.filter((file) => file.includes('/providers/') && !file.startsWith(folder))).toEqual([]);
    }
  });
});

describe('the environment', () => {
  test('is read in packages/config and by development tools only', () => {
    const readers = [...packages, ...apps]
      .filter((folder) => !['packages/config', 'apps/dev', 'apps/sandbox'].includes(folder))
      .flatMap((folder) => filesUnder(`${folder}/src`))
      .filter((file) => !file.endsWith('testing.ts') && /process\.env/.test(readFileSync(join(ROOT, file), 'utf8')));
    expect(readers).toEqual([]);
  });
});
