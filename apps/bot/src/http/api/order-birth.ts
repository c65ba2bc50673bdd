import { BirthError, checkOrderBirth, type OrderBirth } from '@mingdan/bazi';
import { HttpError } from '../errors.ts';

/** The birth of an order's `input`, as far as it is understood. @throws HttpError 422 `input_required`, or naming the field `input.<field>` */
export function orderBirth(input: unknown, now: Date): OrderBirth {
  if (input === undefined || input === null)
    throw new HttpError(
      422,
      'input_required',
      'A report is made of a birth: send input as {"name", "date": "1990-05-15", "time": "14:30" or null, "gender": "male" or "female", "place"}; only date has to be there',
      'input',
    );
  try {
    return checkOrderBirth(input, now);
  } catch (error) {
    if (!(error instanceof BirthError)) throw error;
    const field = error.field === 'input' ? 'input' : `input.${error.field}`;
    throw new HttpError(422, error.code, `The field ${field} cannot be right: ${error.message}`, field);
  }
}
