import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { operatorPersonId } from '@mingdan/app-sandbox/src/options.ts';
import { type Environment, readBotConfig, readWebhookConfig } from '@mingdan/config';
import { MingdanError } from '@mingdan/kernel';
import { type Child, type ChildOptions, keepRunning } from './children.ts';
import { keepDatabase } from './database.ts';
import {
  botEnvironment,
  has,
  machineEnvironment,
  makeSandboxKeys,
  type Plan,
  planOf,
  sandboxEnvironment,
  webhookEnvironment,
} from './environment.ts';
import { gatewayEnvironment, offerOf, playGateways } from './gateways.ts';
import { type Guard, startGuard } from './guarded.ts';
import { endLeftovers, type ProcessRecord, recordIn } from './leftovers.ts';
import { freePort } from './ports.ts';
import { untilReady } from './ready.ts';
import { type SandboxProcess, sandboxProcess } from './sandbox.ts';

export interface SystemOptions {
  /** the settings as loaded: the machine's, `.env`, development secrets */
  env: Environment;
  /** where database and sandbox keep their data */
  folder: string;
  /** false: a throw-away database */
  persistent: boolean;
  /** the first ports to try; 0 = any */
  ports: { webhook: number; bot: number; sandbox: number };
  /** milliseconds that the sandbox takes to write one answer */
  writingMs?: number;
  /** a line of a process */
  onLine: (name: string, line: string) => void;
  /** a line of ours, for people */
  say: (line: string) => void;
  /** gives up starting */
  signal: AbortSignal;
}

export interface System {
  plan: Plan;
  /** the ways to pay that new orders are offered, in order */
  offered: readonly string[];
  webhookUrl: string;
  botUrl: string;
  sandbox: Pick<SandboxProcess, 'chatUrl' | 'inboxUrl' | 'panelUrl' | 'chatApi'> | undefined;
  /** what differs from `env` for the processes, so that a CLI can work on the same system */
  differs: Record<string, string>;
  /** in order: the two processes, the sandbox, the database */
  stop(): Promise<void>;
  /** makes a stop that is under way end at once */
  hurry(): void;
}

/** What was started so far, to be stopped in the opposite order. */
interface Started {
  guard: Guard;
  record: ProcessRecord;
  children: Child[];
  stops: (() => Promise<void>)[];
}

const ROOT = join(import.meta.dirname, '../../..');

/** Starts database, migrations, sandbox, webhook and bot process, and waits until both are ready. Leaves nothing behind when it throws. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const file = join(options.folder, 'processes.json');
  await endLeftovers(file, options.say);
  const guard = startGuard();
  const started: Started = { guard, record: recordIn(file), children: [], stops: [() => guard.close()] };
  const stop = async (): Promise<void> => {
    for (const each of started.stops.splice(0).reverse()) await each();
  };
  const hurry = (): void => {
    for (const child of started.children) child.kill();
  };
  try {
    return { ...(await startParts(options, started)), stop, hurry };
  } catch (error) {
    hurry();
    await stop();
    throw error;
  }
}

async function startParts(options: SystemOptions, started: Started): Promise<Omit<System, 'stop' | 'hurry'>> {
  const { env, folder, persistent, signal } = options;
  const layout = await lay(options);
  const { plan, sandbox, addresses, differs } = layout;
  const offered = checkSettings({
    ...env,
    ...(plan.database === 'embedded' ? { DATABASE_URL: 'postgres://127.0.0.1/later' } : {}),
    ...differs,
  });

  if (plan.database === 'embedded') {
    const database = await keepDatabase({ folder, persistent, guard: started.guard, say: options.say, signal });
    started.stops.push(() => database.stop());
    differs['DATABASE_URL'] = database.url;
    signal.throwIfAborted();
  }
  const settings = { ...env, ...differs };
  const [outside] = sandbox ? startChildren(options, started, [{ name: 'sandbox', ...sandbox }]) : [];
  await migrate(botEnvironment(settings), options.onLine, signal);
  if (sandbox && outside) await untilReady(outside, `${sandbox.chatApi}/people`, signal);
  const children = startChildren(options, started, [
    { name: 'webhook', file: join(ROOT, 'apps/webhook/src/main.ts'), env: webhookEnvironment(settings) },
    { name: 'bot', file: join(ROOT, 'apps/bot/src/main.ts'), env: botEnvironment(settings) },
  ]);
  const urls = [addresses.webhook, addresses.bot];
  await Promise.all(children.map((child, index) => untilReady(child, `${urls[index]}/readyz`, signal)));
  return { plan, offered, webhookUrl: addresses.webhook, botUrl: addresses.bot, sandbox, differs };
}

interface Layout {
  plan: Plan;
  addresses: { webhook: string; bot: string };
  sandbox: SandboxProcess | undefined;
  differs: Record<string, string>;
}

/** Decides who answers for what and where, before anything is started. */
async function lay({ env, folder, persistent, ports: first, writingMs }: SystemOptions): Promise<Layout> {
  const plan = planOf(env);
  const ports = await choosePorts(first);
  const addresses = { webhook: `http://127.0.0.1:${ports.webhook}`, bot: `http://127.0.0.1:${ports.bot}` };
  const keys = makeSandboxKeys();
  const gateways = playGateways(env, plan, folder, persistent);
  const webhookUrl = has(env, 'WEBHOOK_URL') ? (env['WEBHOOK_URL'] ?? '') : addresses.webhook;
  const sandbox = plan.needsSandbox
    ? sandboxProcess({
        port: ports.sandbox,
        smtpPort: ports.smtp,
        folder,
        persistent,
        keys,
        gateways,
        webhookUrl,
        miniAppUrl: `${has(env, 'PUBLIC_URL') ? env['PUBLIC_URL'] : addresses.bot}/app`,
        writingMs,
        env: machineEnvironment(env),
      })
    : undefined;
  const differs = {
    WEBHOOK_PORT: String(ports.webhook),
    BOT_PORT: String(ports.bot),
    WEBHOOK_URL: webhookUrl,
    ...(sandbox ? { SANDBOX_URL: sandbox.url } : {}),
    ...(has(env, 'PUBLIC_URL') ? {} : { PUBLIC_URL: addresses.bot }),
    // Without it nobody would hear the alarms, or answer /support.
    ...(plan.telegram === 'real' || has(env, 'TELEGRAM_CHAT_ID') ? {} : { TELEGRAM_CHAT_ID: String(operatorPersonId) }),
    ...(sandbox
      ? { ...sandboxEnvironment(plan, keys, sandbox.urls), ...gatewayEnvironment(env, gateways, sandbox.url) }
      : {}),
  };
  const offer = offerOf({ ...env, ...differs }, plan);
  return { plan, addresses, sandbox, differs: { ...differs, ...(offer ? { PAYMENT_PROVIDERS: offer } : {}) } };
}

/** Processes that are started together are stopped together. */
function startChildren(
  { onLine, say }: SystemOptions,
  started: Started,
  wanted: Pick<ChildOptions, 'name' | 'file' | 'env'>[],
): Child[] {
  const { guard, record } = started;
  const children = wanted.map(({ name, file, env }) => keepRunning({ name, file, env, onLine, say, guard, record }));
  started.children.push(...children);
  started.stops.push(async () => {
    await Promise.all(children.map((child) => child.stop()));
  });
  return children;
}

/** Of the sandbox's mail server; any where the others may be any. */
const SMTP_PORT = 3025;

async function choosePorts(first: SystemOptions['ports']): Promise<SystemOptions['ports'] & { smtp: number }> {
  const webhook = await freePort(first.webhook);
  const bot = await freePort(first.bot, [webhook]);
  const sandbox = await freePort(first.sandbox, [webhook, bot]);
  const smtp = await freePort(first.sandbox === 0 ? 0 : SMTP_PORT, [webhook, bot, sandbox]);
  return { webhook, bot, sandbox, smtp };
}

/** Told here, once and at once, instead of by a process that ends and is started again and again. @returns what is offered @throws ConfigError */
function checkSettings(env: Environment): readonly string[] {
  const { offered } = readBotConfig(env);
  readWebhookConfig(webhookEnvironment(env));
  return offered;
}

async function migrate(
  env: Record<string, string>,
  onLine: SystemOptions['onLine'],
  signal: AbortSignal,
): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'apps/cli/src/main.ts'), 'migrate'], {
    env,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => onLine('migrate', line));
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  // Node's own AbortError would not say why.
  signal.throwIfAborted();
  if (failure) throw failure;
  if (code !== 0)
    throw new MingdanError('migrations_failed', 'The migrations did not run', { hint: 'Its lines above say why.' });
}
