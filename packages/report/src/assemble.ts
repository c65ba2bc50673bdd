import { chartDataSchema } from './chart-data.ts';
import type { Language } from './language.ts';
import { parseMarkdown, textOf } from './markdown/parse.ts';
import { loadProduct, sharedText } from './products.ts';

export interface AssembledSection {
  /** null: the text stands without a heading of ours */
  title: string | null;
  /** Markdown as the model wrote it */
  text: string;
}

export interface ReportParts {
  title: string;
  /** what the reader must know first, such as that the hour is unknown; plain text */
  notes?: readonly string[];
  sections: readonly AssembledSection[];
  /** `entertainmentNotice(language)` */
  notice: string;
}

/** The whole report as one Markdown text: title, notes, sections, notice. */
export function assembleReport({ title, notes = [], sections, notice }: ReportParts): string {
  return [
    `# ${escapeMarkdown(title)}`,
    ...notes.map((note) => `> ${escapeMarkdown(note)}`),
    ...sections.map(sectionMarkdown),
    '---',
    notice.trim(),
  ].join('\n\n');
}

/** "八字详批 · 张三", or the product's title alone. */
export function reportTitle(slug: string, language: Language, name?: string | null): string {
  const title = loadProduct(slug).title[language];
  return name ? `${title} · ${name}` : title;
}

/** A section's heading in the report; null where the report is one text. */
export function sectionTitle(slug: string, section: string, language: Language): string | null {
  return loadProduct(slug).sections.find(({ id }) => id === section)?.title?.[language] ?? null;
}

/** The computed pillars, which stand above every report about a chart; undefined where there is no chart. Plain text. */
export function pillarsNote(chart: unknown, language: Language): string | undefined {
  const pillars = chartDataSchema.safeParse(chart).data?.pillars;
  if (!pillars) return undefined;
  const { year, month, day, hour } = pillars;
  const words = sharedText(hour === null ? 'note-three-pillars' : 'note-pillars', language);
  return [words, year, month, day, hour ?? ''].join(' ').trim();
}

export function entertainmentNotice(language: Language): string {
  return sharedText('notice', language);
}

function sectionMarkdown({ title, text }: AssembledSection): string {
  if (title === null) return text.trim();
  return `## ${escapeMarkdown(title)}\n\n${withoutOwnHeading(text, title)}`;
}

/** Models like to repeat the section's title as their first line. */
function withoutOwnHeading(text: string, title: string): string {
  const first = parseMarkdown(text).children[0];
  const end = first?.type === 'heading' ? first.position?.end.offset : undefined;
  if (!first || end === undefined) return text.trim();
  return textOf(first).includes(title) ? text.slice(end).trim() : text.trim();
}

/** Titles and notes hold what a customer typed. */
function escapeMarkdown(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#~|&!]/g, '\\$&');
}
