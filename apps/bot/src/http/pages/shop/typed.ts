import { z } from 'zod';
import type { Typed } from '../fields.ts';

/** Names of the fields that are read; whatever else comes along is not looked at. */
const FIELDS = [
  'name',
  'gender',
  'calendar',
  'date',
  'leap',
  'time',
  'time_unknown',
  'place',
  'quantity',
  'email',
  'coupon',
  'pay',
  'gift',
  'token',
] as const;
const LONGEST = 300;

const form = z.record(z.string(), z.unknown()).catch({});

/** What was typed, as text; a field that came twice counts as its first. */
export function readTyped(sent: unknown): Typed {
  const found = form.parse(sent ?? {});
  return Object.fromEntries(
    FIELDS.flatMap((name): [string, string][] => {
      const [value] = [found[name]].flat();
      return typeof value === 'string' ? [[name, value.trim().slice(0, LONGEST)]] : [];
    }),
  );
}

export const isFormToken = (text: string): boolean => /^[\w-]{24}$/.test(text);
