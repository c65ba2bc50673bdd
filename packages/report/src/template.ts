import { MingdanError } from '@mingdan/kernel';

/** What a template may ask for. Anything the customer typed is not among them: it goes into the fenced data, never into the text. */
export const placeholders = ['product', 'section', 'sections', 'today', 'year', 'length', 'fence', 'data'] as const;

export type Placeholder = (typeof placeholders)[number];

const PATTERN = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** @throws MingdanError `bad_template` for a placeholder that does not exist, or a stray brace pair */
export function checkTemplate(source: string, file: string): string {
  for (const [, name = ''] of source.matchAll(PATTERN)) {
    if (!placeholders.some((known) => known === name)) fail(file, `has the unknown placeholder {{${name}}}`);
  }
  if (/\{\{|\}\}/.test(source.replace(PATTERN, ''))) fail(file, 'has a stray {{ or }}');
  if (source.trim() === '') fail(file, 'is empty');
  return source.trim();
}

/** One pass: a value that holds braces itself is not read again. */
export function renderTemplate(source: string, values: Readonly<Record<Placeholder, string>>): string {
  return source.replace(PATTERN, (_, name: Placeholder) => values[name]);
}

function fail(file: string, what: string): never {
  throw new MingdanError('bad_template', `${file} ${what}`, {
    hint: `Known placeholders: ${placeholders.map((name) => `{{${name}}}`).join(' ')}`,
  });
}
