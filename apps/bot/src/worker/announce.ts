import { changed, type Db } from '@mingdan/db';

/** Wake-ups of a burst are gathered for this long into one NOTIFY. */
const GATHER_MS = 20;

/**
 * Tells the process that sends that the outbox has something new. After the commit and never inside it: a NOTIFY makes transactions
 * commit one after the other. A lost one costs at most the sender's own look, half a second later.
 */
export function createAnnouncer(db: Db): () => void {
  let gathering = false;
  return () => {
    if (gathering) return;
    gathering = true;
    setTimeout(() => {
      gathering = false;
      changed(db, `select pg_notify('mingdan_work', 'outbox')`).catch(() => undefined);
    }, GATHER_MS);
  };
}
