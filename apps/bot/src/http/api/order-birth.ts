import { BirthError, checkOrderBirth, type OrderBirth } from '@mingdan/bazi';
import { HttpError } from '../errors.ts';

/** The birth of an order's `input`, as far as it is understood. @throws HttpError 422 naming the field `input.<field>` */
export function orderBirth(input: unknown, now: Date): OrderBirth {
  try {
    return checkOrderBirth(input ?? {}, now);
  } catch (error) {
    if (!(error instanceof BirthError)) throw error;
    const field = error.field === 'input' ? 'input' : `input.${error.field}`;
    throw new HttpError(422, error.code, `The field ${field} cannot be right: ${error.message}`, field);
  }
}
