import { BirthError } from './birth-error.ts';
import { type BirthInput, birthErrorOf, type OrderBirth, orderBirthSchema, readBirth } from './birth-input.ts';
import { computeChart } from './chart.ts';
import { birthDay, clockOf, nearestMoment } from './moment.ts';

const FIRST_YEAR = 1900;

function checkRange(input: BirthInput, now: Date): void {
  const day = birthDay(input);
  if (day.solar.year < FIRST_YEAR) throw new BirthError('before_1900', 'births are taken from 1900 on', 'date');
  // Hour unknown: the day may not have begun yet at the place.
  const clock = clockOf(day, input.time ?? '00:00');
  const lenient = { ...input, solarTime: 'standard' } as const;
  if (nearestMoment(lenient, clock).utc * 1000 > now.getTime()) {
    throw new BirthError('in_the_future', 'that moment has not come yet', input.time === null ? 'date' : 'time');
  }
}

/**
 * What an order accepts: a birth from 1900 on, not in the future, whose chart can be computed.
 * @throws BirthError with a stable code and the field to ask again
 */
export function checkBirth(input: unknown, now: Date): BirthInput {
  const birth = readBirth(input);
  checkRange(birth, now);
  computeChart(birth);
  return birth;
}

/** As `checkBirth`, with the name the report addresses. */
export function checkOrderBirth(input: unknown, now: Date): OrderBirth {
  const read = orderBirthSchema.safeParse(input);
  if (!read.success) throw birthErrorOf(read.error);
  checkBirth(input, now);
  return read.data;
}
