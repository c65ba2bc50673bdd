import { type Db, isConnectionError, openDatabase, row } from '@mingdan/db';
import { type Logger, MingdanError, messageOf, pause } from '@mingdan/kernel';

export interface NoticeDatabaseSettings {
  readonly url: string;
  readonly ca: string | null;
  /** the login was made for this process: it need not become the role */
  readonly ownLogin: boolean;
  readonly requireRole: boolean;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface NoticeDatabase {
  /** for notices */
  readonly notices: Db;
  /** one connection, for wake-ups alone */
  readonly wakeUps: Db;
}

const ROLE = 'mingdan_webhook';
const POOL = 10;
// Gateways wait 5 seconds. Waiting for a connection and for the statement together stays under that, so that a database that hangs is
// answered with "try again" and not with a broken connection.
const ACQUIRE_MS = 1_500;
const STATEMENT_MS = 2_000;
const LOOK_AGAIN_MS = 1_000;

export class RoleMissing extends MingdanError {}

/**
 * Waits until the database is up and migrated, finds out whether this process can give up its own rights and become
 * `mingdan_webhook`, and opens it. @returns undefined where the process is told to stop first
 * @throws RoleMissing where WEBHOOK_REQUIRE_ROLE asks for the role and it cannot be had
 */
export async function openWhenReady(settings: NoticeDatabaseSettings): Promise<NoticeDatabase | undefined> {
  const { log, signal } = settings;
  for (let tried = 0; !signal.aborted; tried += 1) {
    const found = await look(settings).catch((error: unknown) => {
      if (tried % 30 === 0) log.warn({ cause: messageOf(error) }, 'waiting for the database');
      return undefined;
    });
    if (found) return open(settings, roleToUse(settings, found));
    await pause(LOOK_AGAIN_MS, signal);
  }
  return undefined;
}

type Found = 'role' | 'no role';

/** @throws where the database is not up, or not migrated yet */
async function look(settings: NoticeDatabaseSettings): Promise<Found> {
  const probe = openDatabase({ ...common(settings), poolSize: 1 });
  try {
    const function_ = await row<{ found: string | null }>(probe, `select to_regproc('record_notice')::text as found`);
    if (!function_?.found) throw new Error('the database is not migrated yet');
    return (await canBecomeRole(probe)) ? 'role' : 'no role';
  } finally {
    await probe.destroy();
  }
}

/** The role is there, this login may become it, and `migrate` has given it its one right. */
async function canBecomeRole(probe: Db): Promise<boolean> {
  try {
    await row(probe, `set role ${ROLE}`);
    const right = await row<{ granted: boolean }>(
      probe,
      `select has_function_privilege(to_regproc('record_notice'), 'execute') as granted`,
    );
    return right?.granted ?? false;
  } catch (error) {
    if (isConnectionError(error)) throw error;
    return false;
  }
}

function roleToUse({ ownLogin, requireRole, log }: NoticeDatabaseSettings, found: Found): string | undefined {
  if (found === 'role') return ROLE;
  if (ownLogin) return undefined;
  const hint = `An administrator can make it: create role ${ROLE} nologin; grant ${ROLE} to the login of DATABASE_URL; then migrate again. Or set WEBHOOK_DATABASE_URL to a login of its own`;
  if (requireRole)
    throw new RoleMissing('role_missing', `WEBHOOK_REQUIRE_ROLE is set and the database role ${ROLE} cannot be used`, {
      hint,
    });
  log.warn({ hint }, `the database role ${ROLE} cannot be used: this process has all the rights of its login`);
  return undefined;
}

function open(settings: NoticeDatabaseSettings, role: string | undefined): NoticeDatabase {
  const options = { ...common(settings), ...(role ? { role } : {}) };
  settings.log.info({ role: role ?? 'own login' }, 'database ready');
  return { notices: openDatabase({ ...options, poolSize: POOL }), wakeUps: openDatabase({ ...options, poolSize: 1 }) };
}

function common({ url, ca }: NoticeDatabaseSettings) {
  return {
    url,
    applicationName: 'mingdan-webhook',
    acquireTimeoutMs: ACQUIRE_MS,
    statementTimeoutMs: STATEMENT_MS,
    ...(ca ? { ca } : {}),
  };
}
