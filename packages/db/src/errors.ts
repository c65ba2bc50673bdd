const NODE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  'ENETUNREACH',
  'ENETDOWN',
  'EHOSTDOWN',
  'ECONNABORTED',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
]);

/**
 * SQLSTATE classes: 08 connection, 53 resources, 57 operator intervention (shutdown, time-out), 58 the system below (disk); 25006 =
 * read-only after a failover, 55P03 = somebody holds the row too long, 26000, 42P05 and 0A000 = a prepared statement went stale.
 */
const SQLSTATE = /^(?:08|53|57|58)|^(?:25006|55P03|26000|42P05|0A000)$/;

/** SQLSTATE of the database, or the code of Node's; empty where there is none. */
export function errorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/** True where the database could not be reached or had no resources: the same statement may work in a moment. */
export function isConnectionError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  if (typeof code === 'string' && (NODE_CODES.has(code) || SQLSTATE.test(code))) return true;
  if (name === 'KnexTimeoutError' || name === 'TimeoutError' || name === 'AggregateError') return true;
  // `timeout expired` is pg's word for a server that does not answer a new connection.
  return /connection terminated|connection ended|timeout e(xceeded|xpired)|query read timeout|not queryable|establishing an SSL/i.test(
    String(message),
  );
}
