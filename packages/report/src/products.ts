import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MingdanError } from '@mingdan/kernel';
import { z } from 'zod';
import { type Language, languages } from './language.ts';
import { checkTemplate } from './template.ts';

const localised = z.strictObject({ 'zh-CN': z.string().min(1), 'zh-TW': z.string().min(1), en: z.string().min(1) });

const productFile = z.strictObject({
  title: localised,
  /** what the prompt's data holds: a chart, or cards that we drew */
  subject: z.enum(['chart', 'cards']),
  /** pillars of the year that the report is about, month by month */
  months: z.boolean().default(false),
  sections: z
    .array(
      z.strictObject({
        /** the template's file name; `report` is `<language>.md` beside product.json */
        id: z.string().regex(/^[a-z0-9-]+$/),
        /** heading in the report; a report of one section has none */
        title: localised.nullable(),
        /** how long a text to ask for; Chinese characters, or words in English */
        length: z.strictObject({ zh: z.string(), en: z.string() }),
      }),
    )
    .min(1),
});

type ProductFile = z.infer<typeof productFile>;

export interface ReportSection {
  id: string;
  title: Readonly<Record<Language, string>> | null;
  length: Readonly<Record<Language, string>>;
  template: Readonly<Record<Language, string>>;
}

export interface ReportProduct {
  slug: string;
  title: Readonly<Record<Language, string>>;
  subject: ProductFile['subject'];
  months: boolean;
  sections: readonly ReportSection[];
}

const ROOT = join(import.meta.dirname, '..', 'products');
const loaded = new Map<string, ReportProduct>();

/** Every folder of `products/` that is a product. */
export function reportProducts(): string[] {
  return readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
    .map((entry) => entry.name)
    .sort();
}

/** Reads a product's files once and checks them all. @throws MingdanError unknown_report_product | bad_template */
export function loadProduct(slug: string): ReportProduct {
  const known = loaded.get(slug);
  if (known) return known;
  if (!reportProducts().includes(slug)) {
    throw new MingdanError('unknown_report_product', `there are no report templates for "${slug.slice(0, 60)}"`, {
      hint: `Add packages/report/products/<slug>/; there are ${reportProducts().join(', ')}`,
    });
  }
  const file = productFile.parse(JSON.parse(readFileSync(join(ROOT, slug, 'product.json'), 'utf8')));
  const sections = file.sections.map((section) => readSection(slug, section));
  const product = { slug, title: file.title, subject: file.subject, months: file.months, sections };
  loaded.set(slug, product);
  return product;
}

/** The ids of a product's sections in reading order; one call each. */
export function sectionsOf(slug: string): string[] {
  return loadProduct(slug).sections.map((section) => section.id);
}

/** A text that all products share: `system`, `data`, `softer`, `shorter`, `notice`, in each language. */
export function sharedText(name: string, language: Language): string {
  return readTemplate('_shared', `${name}.${language}.md`);
}

function readSection(slug: string, section: ProductFile['sections'][number]): ReportSection {
  const path = (language: Language) =>
    section.id === 'report' ? `${language}.md` : join('sections', `${section.id}.${language}.md`);
  return {
    id: section.id,
    title: section.title,
    length: { 'zh-CN': section.length.zh, 'zh-TW': section.length.zh, en: section.length.en },
    template: perLanguage((language) => readTemplate(slug, path(language))),
  };
}

function perLanguage(read: (language: Language) => string): Record<Language, string> {
  const [cn, tw, en] = languages.map(read);
  return { 'zh-CN': cn ?? '', 'zh-TW': tw ?? '', en: en ?? '' };
}

const texts = new Map<string, string>();

function readTemplate(folder: string, name: string): string {
  const path = join(folder, name);
  const text = texts.get(path) ?? checkTemplate(readFileSync(join(ROOT, path), 'utf8'), `products/${path}`);
  texts.set(path, text);
  return text;
}
