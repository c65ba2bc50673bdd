import connectionString from 'pg-connection-string';

export interface ConnectionSettings {
  host: string;
  port: number;
  user?: string;
  password?: string;
  database?: string;
  options?: string;
  ssl: false | { rejectUnauthorized: boolean; ca?: string };
}

/**
 * A database URL as `pg` wants it. `sslmode` means what it means to libpq: `require` and `no-verify` encrypt without asking who
 * answers, `verify-ca` and `verify-full` check the certificate (against `ca` where there is one).
 */
export function connectionSettings(url: string, ca?: string): ConnectionSettings {
  const parsed = connectionString.parse(url);
  const mode = new URL(url).searchParams.get('sslmode');
  return {
    host: parsed.host ?? 'localhost',
    port: parsed.port ? Number(parsed.port) : 5432,
    ...(parsed.user ? { user: parsed.user } : {}),
    ...(parsed.password ? { password: parsed.password } : {}),
    ...(parsed.database ? { database: parsed.database } : {}),
    ...(parsed.options ? { options: parsed.options } : {}),
    ssl: sslFor(mode, ca),
  };
}

function sslFor(mode: string | null, ca: string | undefined): ConnectionSettings['ssl'] {
  if (mode === null || mode === 'disable' || mode === 'prefer' || mode === 'allow') return false;
  if (mode === 'verify-full' || mode === 'verify-ca') return { rejectUnauthorized: true, ...(ca ? { ca } : {}) };
  return { rejectUnauthorized: false };
}
