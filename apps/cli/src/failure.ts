import { errorCode, isConnectionError } from '@mingdan/db';
import { MingdanError, messageOf } from '@mingdan/kernel';

/** An error as told to a person or a script: one true sentence, and what to do. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const UNDEFINED_TABLE = /^42P01$|^42883$|^42703$/;

export function failureOf(error: unknown): Failure {
  if (error instanceof MingdanError) return { code: error.code, message: error.message, hint: error.hint };
  if (isConnectionError(error)) {
    return {
      code: 'database_unreachable',
      message: 'The database does not answer.',
      hint: 'Start it (npm start brings its own), or correct DATABASE_URL; mingdan doctor tells more',
    };
  }
  const code = errorCode(error);
  if (UNDEFINED_TABLE.test(code)) {
    return {
      code: 'not_migrated',
      message: 'The database lacks tables of this release.',
      hint: 'Run: mingdan migrate',
    };
  }
  if (/^28/.test(code) || code === '3D000') {
    return {
      code: 'database_refused',
      message: 'The database refused the login.',
      hint: 'Correct user, password and name in DATABASE_URL',
    };
  }
  return {
    code: 'unexpected',
    message: `Unexpected: ${messageOf(error)}`,
    hint: 'Please report this, with the command',
  };
}
