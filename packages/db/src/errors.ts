const NODE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
  'ENETUNREACH',
]);

/** SQLSTATE classes: 08 connection, 53 resources, 57 operator intervention (shutdown, time-out); 25006 = read-only after a failover. */
const SQLSTATE = /^(?:08|53|57)|^25006$/;

/** True where the database could not be reached or had no resources: the same statement may work in a moment. */
export function isConnectionError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, name, message } = error as { code?: unknown; name?: unknown; message?: unknown };
  if (typeof code === 'string' && (NODE_CODES.has(code) || SQLSTATE.test(code))) return true;
  if (name === 'KnexTimeoutError' || name === 'TimeoutError' || name === 'AggregateError') return true;
  return /connection terminated|connection ended|timeout exceeded|query read timeout|not queryable/i.test(
    String(message),
  );
}
