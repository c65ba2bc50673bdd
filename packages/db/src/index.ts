export { errorCode, isConnectionError } from './errors.ts';
export { claimLease, holdLease, releaseLease } from './lease.ts';
export { type Listener, listen } from './listen.ts';
export { migrate, pendingMigrations } from './migrate.ts';
export { type DatabaseOptions, type Db, openDatabase } from './open.ts';
export { type Bindings, changed, row, rows } from './query.ts';
