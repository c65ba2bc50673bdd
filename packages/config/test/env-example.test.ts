import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, test } from '@jest/globals';
import { providerNames, providerSettings } from '@mingdan/payments/settings';
import { isPlaceholder, readCliConfig, readWebhookConfig, repositoryRoot } from '../src/index.ts';
import { variableNames } from '../src/variables.ts';

const text = readFileSync(join(repositoryRoot, '.env.example'), 'utf8');
const set = parseEnv(text);
const shown = parseEnv(text.replace(/^# ([A-Z0-9_]+=)/gm, '$1'));

test('.env.example shows every variable that is read, and no other', () => {
  const ofProviders = providerSettings
    .filter(({ provider }) => provider !== 'mock')
    .flatMap(({ variables }) => variables);
  const known = new Set([...variableNames, ...ofProviders.map(({ name }) => name)]);
  const notifyUrl = new RegExp(`^(?:${providerNames.join('|').toUpperCase()})_(?:REFUND_)?NOTIFY_URL$`);
  for (const name of Object.keys(shown)) if (!notifyUrl.test(name)) expect(known).toContain(name);
  for (const name of variableNames) expect(Object.keys(shown)).toContain(name);
});

test('every variable of a provider is shown there; a gateway of your own may keep all of them in its own README', () => {
  for (const { provider, variables } of providerSettings.filter((each) => each.provider !== 'mock')) {
    const names = variables.map(({ name }) => name);
    const place = names.some((name) => name in shown) ? text : readmeOf(provider);
    for (const name of names) expect(place).toContain(name);
  }
});

const readmeOf = (provider: string): string =>
  readFileSync(join(repositoryRoot, 'packages/payments/src/providers', provider, 'README.md'), 'utf8');

test('.env.example sets six variables, all of them placeholders', () => {
  expect(Object.keys(set)).toHaveLength(6);
  for (const value of Object.values(set)) expect(isPlaceholder(value ?? '')).toBe(true);
});

test('a copied .env.example switches nothing on and stops nobody', () => {
  const { config } = readCliConfig(set);
  expect([...config.providers.keys()]).not.toContain('pingpong');
  expect(config).toMatchObject({ production: false, telegram: { token: null }, deepseek: { apiKey: null } });
  expect(readWebhookConfig({ ...set, DATABASE_URL: 'postgres://a@b/c' }).warnings).toContainEqual(
    expect.stringMatching(/^PINGPONG_\w+ holds a placeholder/),
  );
});

test('what .env.example shows is a placeholder or would be accepted', () => {
  const { problems } = readCliConfig({ ...shown, NODE_ENV: 'development' });
  expect(problems.filter(({ kind }) => kind === 'invalid').map(({ variable }) => variable)).toEqual(['DATABASE_CA']);
});

test('the webhook process is asked for no key that can spend', () => {
  const seen = providerSettings.flatMap(({ variables }) =>
    variables.filter(({ neededBy }) => neededBy !== 'bot').map(({ name }) => name),
  );
  // The merchant key of OxaPay also signs its notices: it has no other.
  const spending = seen.filter((name) => /PRIVATE|CLIENT_KEY|API_SECRET|SECRET_KEY|TOKEN/.test(name));
  expect(spending.filter((name) => name !== 'OXAPAY_SECRET_KEY')).toEqual([]);
});

test('docs/settings.md tells every variable, and which ones the webhook process reads', () => {
  const page = readFileSync(join(repositoryRoot, 'docs/settings.md'), 'utf8');
  for (const name of variableNames) expect(page).toContain(`\`${name}\``);
  const rowOf = (name: string) =>
    page.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``)) ?? '';
  for (const { variables } of providerSettings.filter(({ provider }) => provider !== 'mock' && provider !== 'stars')) {
    // A gateway of your own tells of them in its README.
    if (!variables.some(({ name }) => name in shown)) continue;
    for (const { name, required, neededBy } of variables) {
      expect(rowOf(name)).not.toBe('');
      if (required) expect(rowOf(name)).toContain(`**\`${name}\`**`);
      if (neededBy !== 'bot') expect(rowOf(name)).toMatch(/\| W \||\(W\)/);
    }
  }
});
