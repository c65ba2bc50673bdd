import { BirthError, checkOrderBirth, hasLeapMonth, type OrderBirth } from '@mingdan/bazi';
import type { PartialBirth, Question } from '../session.ts';
import { type Problem, questionOf } from './read-answer.ts';

/** The birth as an order takes it; what was not answered counts as unknown. */
export function asInput(birth: PartialBirth): Record<string, unknown> {
  return {
    name: birth.name ?? null,
    gender: birth.gender ?? null,
    calendar: birth.calendar ?? 'solar',
    date: birth.date ?? '',
    leap: birth.leap ?? false,
    time: birth.time ?? null,
    place: birth.place ?? null,
  };
}

/** The whole birth, checked. @throws BirthError */
export function orderBirth(birth: PartialBirth, now: Date): OrderBirth {
  return checkOrderBirth(asInput(birth), now);
}

/**
 * Puts new answers to those there are. What cannot be right is left out, and with it nothing else: the older answer stays where
 * there was one, and where an older answer does not go with the new one, it is the older that is asked again.
 */
export function merge(
  before: PartialBirth,
  fields: PartialBirth,
  now: Date,
): { birth: PartialBirth; problem?: Problem } {
  const after = { ...before, ...fields };
  // Of a new date the old answer about its leap month says nothing.
  if (fields.date !== undefined && fields.leap === undefined) delete after.leap;
  if (after.date === undefined) return { birth: after };
  try {
    orderBirth(after, now);
    return { birth: after };
  } catch (error) {
    if (!(error instanceof BirthError)) throw error;
    const question = faultOf(error, after, now);
    return { birth: without(before, after, question, fields), problem: { code: error.code, question } };
  }
}

/** A moment to come is the hour's fault only where the day itself has begun. */
function faultOf(error: BirthError, birth: PartialBirth, now: Date): Question {
  if (error.code !== 'in_the_future') return questionOf(error.field);
  try {
    orderBirth({ ...birth, time: null }, now);
    return 'time';
  } catch {
    return 'date';
  }
}

function without(before: PartialBirth, after: PartialBirth, question: Question, fields: PartialBirth): PartialBirth {
  const kept = { ...after };
  for (const field of question === 'date' ? (['date', 'leap'] as const) : ([question] as const)) {
    delete kept[field];
    const isNew = Object.hasOwn(fields, field);
    if (isNew && before[field] !== undefined) Object.assign(kept, { [field]: before[field] });
  }
  return kept;
}

/** The first thing that is still to be asked, or undefined when all is there. */
export function missing(birth: PartialBirth): Question | undefined {
  if (birth.name === undefined) return 'name';
  if (birth.gender === undefined) return 'gender';
  if (birth.calendar === undefined) return 'calendar';
  if (birth.date === undefined) return 'date';
  if (leapIsOpen(birth)) return 'leap';
  if (birth.time === undefined) return 'time';
  return birth.place === undefined ? 'place' : undefined;
}

function leapIsOpen(birth: PartialBirth): boolean {
  if (birth.calendar !== 'lunar' || birth.date === undefined || birth.leap !== undefined) return false;
  const [year = 0, month = 0] = birth.date.split('-').map(Number);
  return hasLeapMonth(year, month);
}
