import { MingdanError } from '@mingdan/kernel';

/** The field of the birth input that a problem belongs to. */
export type BirthField =
  | 'calendar'
  | 'date'
  | 'time'
  | 'leap'
  | 'gender'
  | 'place'
  | 'longitude'
  | 'tz'
  | 'solarTime'
  | 'ziHour'
  | 'luckRule'
  | 'name'
  | 'input';

/** What can be wrong with a birth. Stable: locale files and scripts go by these. */
const HINTS = {
  bad_format: 'Write it as in the example of the question, such as 1990-05-15',
  no_such_date: 'Check month and day; that day is not in the calendar',
  ambiguous_date: 'Write the date as year-month-day, such as 1990-05-15',
  no_such_leap_month: 'That lunar year has no such leap month; leave out 闰',
  no_such_lunar_day: 'That lunar month has 29 days',
  no_such_time: 'The clock never showed that time; look again, or write it with the summer time of the day',
  ambiguous_midnight: 'Write 00:00 with the date of the new day, or 23:59 with the old one',
  in_the_future: 'Only births up to now can be ordered',
  before_1900: 'Only births from 1900 on can be ordered',
  unknown_place: 'Name the nearest larger city, or give the longitude, such as 104.07E',
  unknown_zone: 'Give an IANA zone such as Asia/Shanghai',
  place_needed: 'Solar time needs a place or a longitude',
  not_computable: 'The calendar engine does not reach that year',
} as const;

export type BirthErrorCode = keyof typeof HINTS;

/** A birth that cannot be right. The message never repeats what was typed: that is personal data. */
export class BirthError extends MingdanError {
  readonly field: BirthField;
  override readonly code: BirthErrorCode;

  constructor(code: BirthErrorCode, message: string, field: BirthField, cause?: unknown) {
    super(code, message, cause === undefined ? { hint: HINTS[code] } : { hint: HINTS[code], cause });
    this.code = code;
    this.field = field;
  }
}
