import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';

/** Longer is no name. */
const LONGEST = 64;

/** Who decides, for the record: `--operator`, else who is logged in on this machine. */
export function operatorName(given: unknown): string {
  const name = (given === undefined ? loginName() : String(given)).trim();
  if (name === '' || name.length > LONGEST || /\p{Cc}/u.test(name))
    throw new InvalidArgumentError(`Say who you are: --operator <name>, at most ${LONGEST} characters.`);
  return name;
}

/** A container's user may have no name. */
function loginName(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}
