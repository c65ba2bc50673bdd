import { type Db, errorCode, isConnectionError } from '@mingdan/db';
import { MingdanError } from '@mingdan/kernel';
import { recordNotice, recordRefusedNotice } from '@mingdan/orders/record-notice';

type RecordNotice = typeof recordNotice extends (db: Db, ...rest: infer A) => infer R ? (...rest: A) => R : never;
type RefuseNotice = typeof recordRefusedNotice extends (db: Db, ...rest: infer A) => infer R
  ? (...rest: A) => R
  : never;

/** All that this process does in the database. */
export interface NoticeStore {
  /** @throws DatabaseAway where the gateway should send it again */
  record: RecordNotice;
  refuse: RefuseNotice;
}

/** The notice is not recorded and can be later. */
export class DatabaseAway extends MingdanError {
  constructor(cause: unknown) {
    super('database_away', 'the database cannot take a notice now', {
      hint: 'Gateways repeat their notices; see that the database is up and migrated',
      cause,
    });
  }
}

/**
 * Wrong password, no such database, and what a database says that has not been migrated yet. Telling the gateway "taken" would lose the
 * notice, as with a database that is gone; telling it "later" loses nothing.
 */
const NOT_READY = /^(?:28|3D)|^(?:3F000|42501|42704|42883|42P01)$/;
/** Two transactions met in the wrong order: the same statement passes the second time. */
const COLLISION = /^40/;
const TRIES = 3;

/** @param open the database once it has been found ready */
export function createNoticeStore(open: () => Db | undefined): NoticeStore {
  return {
    record: async (notice, raw) => {
      const db = open();
      if (!db) throw new DatabaseAway('it has not been reached since the start');
      for (let tried = 1; ; tried += 1) {
        try {
          return await recordNotice(db, notice, raw);
        } catch (error) {
          if (COLLISION.test(errorCode(error)) && tried < TRIES) continue;
          throw mayPassLater(error) ? new DatabaseAway(error) : error;
        }
      }
    },
    refuse: async (refused) => {
      const db = open();
      if (db) await recordRefusedNotice(db, refused);
    },
  };
}

function mayPassLater(error: unknown): boolean {
  return isConnectionError(error) || NOT_READY.test(errorCode(error)) || COLLISION.test(errorCode(error));
}
