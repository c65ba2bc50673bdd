import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { providerNames, providerSettings } from '@mingdan/payments/settings';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Those whose gateways may have been told an older name of the path. */
const PROVIDERS = ['pingpong', 'alipay', 'wechat', 'stripe', 'oxapay'];
/** What has a verifier gets notices. */
const NOTIFYING = providerNames.filter((name) =>
  existsSync(join(root, `packages/payments/src/providers/${name}/verify.ts`)),
);
const NOTICE_PATHS = [
  '/oxapay-webhook',
  ...[...new Set([...PROVIDERS, ...NOTIFYING])].flatMap((provider) => [
    `/webhook/${provider}`,
    `/webhook/${provider}/refund`,
  ]),
  ...PROVIDERS.flatMap((provider) => [
    `/api/payment/webhook/${provider}`,
    `/api/payment/${provider}/notify`,
    `/api/v1/payments/${provider}/notify`,
    `/api/v1/payments/${provider}/refund/notify`,
  ]),
];
const OTHER_PATHS = [
  '/',
  '/shop',
  '/shop.html',
  '/coin',
  '/app',
  '/admin',
  '/healthz',
  '/readyz',
  '/metrics',
  '/order/REPORT_20261121_7K3M9QXA',
  '/payment/success',
  '/telegram/webhook',
  '/api/products',
  '/api/session',
  '/api/create-order',
  '/api/oxapay-payment',
  '/api/create-payment',
  '/api/coin/order',
  '/api/payment/mock/success/1',
  '/api/payment/webhook',
  '/api/payment/webhook/mock',
  '/api/v1/payments/notify',
  '/webhook',
  '/webhook/',
  '/webhook/pingpong/refund/x',
  '/x/webhook/pingpong',
  '/webhook/pingpong-2',
  '/oxapay-webhook/refund',
  ...PROVIDERS.flatMap((provider) => [
    `/api/v1/payments/${provider}/create`,
    `/api/v1/payments/${provider}/refund`,
    `/api/v1/payments/${provider}/query/REPORT_20261121_7K3M9QXA`,
    `/api/v1/payments/${provider}/close/REPORT_20261121_7K3M9QXA`,
  ]),
];

interface Route {
  methods: string[];
  path: RegExp;
  upstream: string;
}

/** Reads as much of the Caddyfile's language as ours uses: one named matcher with `method` and `path_regexp`, and `handle` blocks in order. */
function readCaddyfile(text: string): (method: string, path: string) => string {
  const matchers = new Map<string, { methods: string[]; path: RegExp }>();
  for (const [, name, body] of text.matchAll(/^\t(@\w+) \{\n([\s\S]*?)\n\t\}/gm)) {
    const method = /^\t\tmethod (.+)$/m.exec(body ?? '')?.[1];
    const path = /^\t\tpath_regexp (\S+)$/m.exec(body ?? '')?.[1];
    if (!name || !method || !path) throw new Error(`matcher not understood: ${body}`);
    matchers.set(name, { methods: method.split(' '), path: new RegExp(path) });
  }
  const routes: Route[] = [...text.matchAll(/^\thandle ?(@\w+)? \{\n\t\treverse_proxy (\S+)\n\t\}/gm)].map(
    ([, name, upstream]) => {
      const matcher = name === undefined ? { methods: [], path: /^/ } : matchers.get(name);
      if (!matcher || !upstream) throw new Error(`handle of an unknown matcher: ${name}`);
      return { ...matcher, upstream };
    },
  );
  return (method, path) => {
    const route = routes.find(
      (one) => (one.methods.length === 0 || one.methods.includes(method)) && one.path.test(path),
    );
    if (!route) throw new Error(`no route for ${method} ${path}`);
    return route.upstream;
  };
}

describe('the Caddyfile', () => {
  const route = readCaddyfile(read('Caddyfile'));

  test.each(NOTICE_PATHS)('a notice posted to %s goes to the webhook process', (path) => {
    expect(route('POST', path)).toBe('webhook:3000');
  });

  test.each(NOTICE_PATHS)('every other method on %s goes to the bot process', (path) => {
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
      expect(route(method, path)).toBe('bot:3001');
  });

  test.each(OTHER_PATHS)('%s goes to the bot process by any method', (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) expect(route(method, path)).toBe('bot:3001');
  });
});

/** The lines of one service of docker-compose.yml, without its comments. */
function service(name: string): string {
  const found = new RegExp(`^ {2}${name}:\\n((?: {4}.*\\n|\\n)+)`, 'm').exec(read('docker-compose.yml'));
  if (!found?.[1]) throw new Error(`docker-compose.yml has no service ${name}`);
  return found[1].replace(/^\s*#.*\n/gm, '');
}

describe('docker-compose.yml', () => {
  const compose = read('docker-compose.yml');
  const SPENDING =
    /API_SECRET|PRIVATE_KEY|BOT_TOKEN|DEEPSEEK|YUANFENJU|DATA_ENCRYPTION_KEY|\bSECRET_KEY|(?<!V3|PUBLIC)_API_KEY|\bAPI_KEY|ADMIN_TOKEN|CLIENT_KEY|STRIPE_SECRET_KEY|SMTP/;

  test('it has the five services, and only Caddy is reachable from outside', () => {
    expect([...compose.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name)).toEqual([
      'postgres',
      'migrate',
      'webhook',
      'bot',
      'caddy',
    ]);
    expect(['postgres', 'migrate', 'webhook', 'bot'].filter((name) => / {4}ports:/.test(service(name)))).toEqual([]);
  });

  test('every long-running service has a health check and restarts', () => {
    for (const name of ['postgres', 'webhook', 'bot', 'caddy']) {
      expect(service(name)).toMatch(/^ {4}healthcheck:/m);
      expect(service(name)).toMatch(/^ {4}restart: unless-stopped$/m);
    }
  });

  test('both processes start after the migrations and have longer than their 25 s to stop', () => {
    for (const name of ['webhook', 'bot']) {
      expect(service(name)).toMatch(/migrate:\n {8}condition: service_completed_successfully/);
      expect(Number(/stop_grace_period: (\d+)s/.exec(service(name))?.[1])).toBeGreaterThan(25);
    }
  });

  test('no secret stands in the file: whatever is named like one comes from .env', () => {
    const lines = compose.split('\n').filter((line) => /^\s+[A-Z][A-Z0-9_]*:/.test(line));
    const secret = lines.filter((line) => /(SECRET|PASSWORD|TOKEN|_KEY|SALT)[A-Z0-9_]*:/.test(line));
    expect(secret.length).toBeGreaterThan(1);
    for (const line of secret) expect(line).toMatch(/: \$\{[A-Z0-9_]+:[-?][^}]*\}$/);
    for (const line of lines.filter((each) => each.includes('://')))
      expect(line).not.toMatch(/:\/\/[^:]+:(?!\$\{)[^@]+@/);
  });

  test('the webhook process is given every variable of .env.example by which a provider verifies its notices', () => {
    const given = [...service('webhook').matchAll(/^ {6}([A-Z0-9_]+):/gm)].map(([, name]) => name);
    const wanted = providerSettings
      .flatMap(({ variables }) => variables.filter(({ neededBy }) => neededBy !== 'bot').map(({ name }) => name))
      .filter((name) => new RegExp(`^#? ?${name}=`, 'm').test(read('.env.example')));
    expect(wanted.length).toBeGreaterThan(10);
    expect(given).toEqual(expect.arrayContaining([...wanted, 'NOTICE_PUBLIC_KEY', 'PAYMENT_PROVIDERS', 'WEBHOOK_URL']));
  });

  test('the webhook process is given nothing that can spend money, speak as the bot or read personal data', () => {
    expect(service('webhook')).not.toMatch(/env_file/);
    expect(
      [...service('webhook').matchAll(/^ {6}([A-Z0-9_]+):/gm)]
        .map(([, name]) => name)
        .filter((name) => SPENDING.test(name ?? '') && name !== 'OXAPAY_SECRET_KEY'),
    ).toEqual([]);
  });
});

describe('the Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  test('it copies the package.json of every workspace before it installs', () => {
    const before = dockerfile.slice(0, dockerfile.indexOf('RUN npm ci'));
    for (const folder of ['packages', 'apps']) {
      for (const name of readdirSync(join(root, folder)))
        expect(before).toContain(`COPY ${folder}/${name}/package.json ${folder}/${name}/\n`);
    }
  });

  test('the image runs as a user without rights and holds neither sandbox nor development tools', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/npm ci --omit=dev/);
    const image = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
    expect(image).not.toMatch(/^COPY (\.|apps|apps\/dev|apps\/sandbox|scripts|tests) /m);
  });
});

describe('the Procfile', () => {
  const lines = new Map(
    read('Procfile')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const),
  );

  test('it names release, webhook and bot, each a plain command under the Node of the install', () => {
    expect([...lines.keys()]).toEqual(['release', 'webhook', 'bot']);
    for (const command of lines.values())
      expect(command).toMatch(/^node_modules\/\.bin\/node apps\/\w+\/src\/main\.ts( migrate)?$/);
  });

  test('every file that it starts is there', () => {
    for (const command of lines.values()) expect(existsSync(join(root, command.split(' ')[1] ?? ''))).toBe(true);
  });
});

describe('.env.example', () => {
  test('it names every variable that docker-compose.yml takes from .env, save the password of its own database', () => {
    const example = read('.env.example');
    const wanted = new Set([...read('docker-compose.yml').matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name ?? ''));
    wanted.delete('POSTGRES_PASSWORD');
    expect([...wanted].filter((name) => !new RegExp(`^#? ?${name}=`, 'm').test(example))).toEqual([]);
  });
});
