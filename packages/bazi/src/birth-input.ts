import { z } from 'zod';
import { BirthError, type BirthField } from './birth-error.ts';
import { findPlace } from './places/find.ts';
import { isZone } from './zone.ts';

const rawShape = {
  calendar: z
    .enum(['solar', 'lunar'])
    .nullish()
    .transform((calendar) => calendar ?? 'solar'),
  date: z.string().regex(/^\d{1,4}-\d{1,2}-\d{1,2}$/, 'expected YYYY-MM-DD'),
  time: z
    .string()
    .regex(/^\d{1,2}:\d{2}(:\d{2})?$/, 'expected HH:MM')
    .nullish()
    .transform((time) => time ?? null),
  leap: z
    .boolean()
    .nullish()
    .transform((leap) => leap ?? false),
  gender: z
    .enum(['male', 'female'])
    .nullish()
    .transform((gender) => gender ?? null),
  place: z
    .string()
    .trim()
    .max(80)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'expected no control characters')
    .nullish()
    .transform((place) => place || null),
  longitude: z
    .number()
    .min(-180)
    .max(180)
    .nullish()
    .transform((longitude) => longitude ?? null),
  tz: z.string().max(60).refine(isZone, 'expected an IANA zone').nullish(),
  solarTime: z.enum(['none', 'standard', 'mean', 'true']).nullish(),
  ziHour: z
    .enum(['23', 'midnight', 'midnight-same'])
    .nullish()
    .transform((ziHour) => ziHour ?? '23'),
  luckRule: z
    .enum(['default', 'china95', 'lunar1', 'lunar2'])
    .nullish()
    .transform((luckRule) => luckRule ?? 'default'),
};

type RawBirth = z.output<z.ZodObject<typeof rawShape>>;

/** Zone and longitude come from the place unless they are given; reading a result again changes nothing. */
function applyDefaults<T extends RawBirth>(raw: T) {
  const place = raw.place === null ? undefined : findPlace(raw.place);
  const longitude = raw.longitude ?? place?.longitude ?? null;
  return {
    ...raw,
    longitude,
    tz: raw.tz ?? place?.tz ?? 'Asia/Shanghai',
    solarTime: raw.solarTime ?? (longitude !== null || raw.place !== null ? ('true' as const) : ('standard' as const)),
  };
}

/** A birth as scripts and chat give it; all but `date` may be missing. Shape only: whether the day existed is checked by `computeChart`. */
export const birthInputSchema = z.object(rawShape).transform(applyDefaults);

/** A birth with all defaults applied. `time` null: hour unknown. `gender` null: not told. `longitude` degrees, east positive. */
export type BirthInput = z.output<typeof birthInputSchema>;

/** What an order of a report takes: the birth and the name the report addresses. */
export const orderBirthSchema = z
  .object({
    ...rawShape,
    name: z
      .string()
      .trim()
      .max(40)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'expected no control characters')
      .nullish()
      .transform((name) => name || null),
  })
  .transform(applyDefaults);

export type OrderBirth = z.output<typeof orderBirthSchema>;

function fieldOf(path: PropertyKey | undefined): BirthField {
  return typeof path === 'string' && (path in rawShape || path === 'name') ? (path as BirthField) : 'input';
}

/** Zod's first complaint as a BirthError, without the value. */
export function birthErrorOf(error: z.ZodError): BirthError {
  const issue = error.issues[0];
  const field = fieldOf(issue?.path[0]);
  if (field === 'tz') return new BirthError('unknown_zone', 'tz is no IANA zone', 'tz', error);
  const message = field === 'input' ? 'expected a JSON object with at least a date' : `${field} is not as expected`;
  return new BirthError('bad_format', message, field, error);
}

/** @throws BirthError `bad_format` or `unknown_zone`, naming the field */
export function readBirth(raw: unknown): BirthInput {
  const read = birthInputSchema.safeParse(raw);
  if (!read.success) throw birthErrorOf(read.error);
  return read.data;
}
