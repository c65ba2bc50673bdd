import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, test } from '@jest/globals';
import { providerSettings } from '@mingdan/payments/settings';
import { isPlaceholder, readCliConfig, readWebhookConfig, repositoryRoot } from '../src/index.ts';
import { variableNames } from '../src/variables.ts';

const text = readFileSync(join(repositoryRoot, '.env.example'), 'utf8');
const set = parseEnv(text);
const shown = parseEnv(text.replace(/^# ([A-Z_]+=)/gm, '$1'));

test('.env.example shows every variable that is read, and no other', () => {
  const ofProviders = providerSettings
    .filter(({ provider }) => provider !== 'mock')
    .flatMap(({ variables }) => variables);
  const known = new Set([...variableNames, ...ofProviders.map(({ name }) => name)]);
  for (const name of Object.keys(shown)) expect(known).toContain(name);
  for (const name of variableNames) expect(Object.keys(shown)).toContain(name);
  for (const { name } of ofProviders) expect(Object.keys(shown)).toContain(name);
});

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
