import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createLogger, systemClock } from '@mingdan/kernel';
import { createClients } from '../src/clients.ts';
import { providerNames } from '../src/index.ts';
import { providerSettings } from '../src/settings.ts';
import { noticeSigners } from '../src/testing.ts';
import { createVerifiers } from '../src/verifiers.ts';

const source = join(import.meta.dirname, '../src');
const folders = readdirSync(join(source, 'providers'));
const tools = { clock: systemClock, log: createLogger({ process: 'test', level: 'silent' }) };

describe.each(folders)('the folder of %s', (folder) => {
  test('has its name in the registry, and its settings say the same name', () => {
    expect(providerNames).toContain(folder);
    expect(providerSettings.map(({ provider }) => provider)).toContain(folder);
  });

  test('has a README that says how notices are signed', () => {
    expect(readFileSync(join(source, 'providers', folder, 'README.md'), 'utf8')).toMatch(/signature/i);
  });

  test('has a signer for tests where it has a verifier', () => {
    const files = readdirSync(join(source, 'providers', folder));
    expect(files.includes('sign-for-tests.ts')).toBe(files.includes('verify.ts'));
    expect([...noticeSigners.keys()].includes(providerNames.find((name) => name === folder) ?? 'mock')).toBe(
      files.includes('verify.ts'),
    );
  });

  test('keeps verifying and spending apart, and imports no other provider', () => {
    expect(
      reached(join(source, 'providers', folder, 'verify.ts')).filter((file) => file.endsWith('/client.ts')),
    ).toEqual([]);
    for (const file of ['verify.ts', 'client.ts', 'settings.ts', 'wire.ts'].map((name) =>
      join(source, 'providers', folder, name),
    )) {
      const others = reached(file).filter(
        (path) => path.includes('/providers/') && !path.includes(`/providers/${folder}/`),
      );
      expect(others).toEqual([]);
    }
  });

  test('describes each of its variables, and its schemas ask for no others', () => {
    const settings = providerSettings.find(({ provider }) => provider === folder);
    for (const variable of settings?.variables ?? []) {
      expect(variable.name).toMatch(/^[A-Z][A-Z0-9_]+$/);
      expect(variable.example).not.toBe('');
    }
    const sides = [
      ['webhook', settings?.webhook.safeParse({})],
      ['bot', settings?.bot.safeParse({})],
    ] as const;
    for (const [side, parsed] of sides) {
      const asked = parsed?.error?.issues.map((issue) => String(issue.path[0])) ?? [];
      const required = settings?.variables.filter(
        ({ required, neededBy, when }) =>
          required && (neededBy === side || neededBy === 'both') && (when === undefined || when.is === when.otherwise),
      );
      expect(asked.sort()).toEqual(required?.map(({ name }) => name).sort());
    }
  });
});

test('the door of the verifiers loads no line of code that can spend', () => {
  const loaded = loadedBy('verifiers.ts');
  expect(loaded.some((file) => file.endsWith('/pingpong/verify.ts'))).toBe(true);
  expect(loaded.filter((file) => /\/client\.ts$|\/clients\.ts$|\/gateway-call\.ts$/.test(file))).toEqual([]);
});

test('the doors of the settings and of the clients load no verifier', () => {
  for (const door of ['settings.ts', 'clients.ts'])
    expect(loadedBy(door).filter((file) => file.endsWith('/verify.ts'))).toEqual([]);
});

test('a provider without settings has neither verifier nor client, and one that sends no notices has no verifier with them', () => {
  expect(createVerifiers(new Map()).size).toBe(0);
  expect(createClients(new Map(), tools).size).toBe(0);
  expect(createVerifiers(new Map([['redpacket', {}]])).size).toBe(0);
});

/** Files that are reached from one over relative imports, types left out. */
function reached(file: string, seen = new Set<string>()): string[] {
  if (seen.has(file) || !existsSync(file)) return [...seen];
  seen.add(file);
  for (const [, path] of readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type\b)[^;]*?from '(\.[^']+)'/gm)) {
    reached(join(file, '..', path ?? ''), seen);
  }
  return [...seen];
}

/** What Node really loads. */
function loadedBy(door: string): string[] {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    await import(${JSON.stringify(join(source, door))});
    console.log(JSON.stringify(loaded));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return JSON.parse(output);
}
