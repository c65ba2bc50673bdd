import { type Db, pendingMigrations, row } from '@mingdan/db';
import { type Logger, messageOf } from '@mingdan/kernel';
import express, { type Router } from 'express';
import { onlyAllow } from './errors.ts';

/** `/healthz`: the process answers. `/readyz`: the database answers too, and has every migration this release needs. */
export function healthRoutes(db: Db, log: Logger): Router {
  const router = express.Router();
  // Migrations only ever come, so a database that had them all keeps having them.
  let migrated = false;

  async function whatIsMissing(): Promise<string | undefined> {
    if (migrated) {
      await row(db, 'select 1');
      return undefined;
    }
    const pending = await pendingMigrations(db);
    migrated = pending.length === 0;
    return migrated ? undefined : `${pending.length} migrations are pending: run \`mingdan migrate\``;
  }

  router.get('/healthz', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'ok' });
  });
  router.get('/readyz', async (_req, res) => {
    res.set('Cache-Control', 'no-store');
    try {
      const missing = await whatIsMissing();
      if (missing === undefined) res.json({ status: 'ok' });
      else res.status(503).json({ status: 'unavailable', reason: missing });
    } catch (error) {
      log.warn({ cause: messageOf(error) }, 'not ready: the database does not answer');
      res.status(503).json({ status: 'unavailable', reason: 'the database does not answer' });
    }
  });
  router.all(['/healthz', '/readyz'], onlyAllow('GET, HEAD'));
  return router;
}
