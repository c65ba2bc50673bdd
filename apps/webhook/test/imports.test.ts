import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../../..');
let loaded: string[];

/** What Node really loads when the process starts, lazily imported files too. It stops at its settings, after all imports. */
beforeAll(() => {
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => {
      if (url.startsWith('file:')) process.stdout.write('loaded ' + new URL(url).pathname + '\\n');
      return next(url, context);
    } });
    await import(${JSON.stringify(join(root, 'apps/webhook/src/main.ts'))});`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
  });
  const paths = stdout.split('\n').filter((line) => line.startsWith('loaded '));
  loaded = paths
    .map((line) => relative(root, line.slice('loaded '.length)))
    .filter((path) => !path.startsWith('node_modules'));
});

describe('the webhook process', () => {
  test('loads the one statement of orders that records a notice, and nothing else of them', () => {
    expect(loaded).toContain('apps/webhook/src/notify.ts');
    expect(loaded.filter((path) => path.startsWith('packages/orders/'))).toEqual([
      'packages/orders/src/record-notice.ts',
    ]);
  });

  test('loads the verifiers and no client of a gateway', () => {
    expect(loaded).toContain('packages/payments/src/providers/pingpong/verify.ts');
    expect(loaded.filter((path) => /client|gateway-call/.test(path))).toEqual([]);
  });

  test('loads no package that talks to people, to models or to gateways, and no other app', () => {
    const allowed = /^(?:apps\/webhook|packages\/(?:config|db|kernel|orders|payments))\//;
    expect(loaded.filter((path) => !allowed.test(path))).toEqual([]);
  });
});
