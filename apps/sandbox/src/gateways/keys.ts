import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { MingdanError } from '@mingdan/kernel';
import { z } from 'zod';
import type { Gateway, MadeKeys } from './contract.ts';
import { type GatewayKeys, type GatewayName, gateways } from './index.ts';

const file = z.record(z.string(), z.object({ sandbox: z.unknown(), environment: z.record(z.string(), z.string()) }));

export type KeptKeys = Readonly<Partial<Record<GatewayName, MadeKeys>>>;

/**
 * The keys of both sides, made once and kept (0600), so that payments of before a restart can still be paid, asked about and refunded.
 * @param path the file; only one process may call this at a time @param names the gateways wanted; all when left out
 * @throws MingdanError `broken_gateway_keys`
 */
export function keepGatewayKeys(path: string, names?: readonly GatewayName[]): KeptKeys {
  const known = read(path);
  const wanted = gateways.filter(({ name }) => names === undefined || names.includes(name));
  const kept = Object.fromEntries(
    wanted.map((gateway) => [gateway.name, reread(gateway, known) ?? gateway.makeKeys()]),
  );
  const all = { ...known, ...kept };
  if (JSON.stringify(all) !== JSON.stringify(known)) write(path, all);
  return kept;
}

/** What a stand-in kept in an older form of its own is made anew. */
function reread(gateway: Gateway<GatewayName>, known: z.infer<typeof file>): MadeKeys | undefined {
  const found = known[gateway.name];
  const keys = gateway.keys.safeParse(found?.sandbox);
  return found && keys.success ? { sandbox: keys.data, environment: found.environment } : undefined;
}

function read(path: string): z.infer<typeof file> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return file.parse(JSON.parse(text));
  } catch {
    throw new MingdanError('broken_gateway_keys', `${path} cannot be read as the sandbox's keys`, {
      hint: 'Remove it: new keys are made. Sandbox payments of before are then lost.',
    });
  }
}

function write(path: string, all: object): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The stand-ins' half. */
export function sandboxKeysOf(kept: KeptKeys): GatewayKeys {
  return Object.fromEntries(Object.entries(kept).map(([name, { sandbox }]) => [name, sandbox]));
}
