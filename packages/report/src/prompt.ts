import { MingdanError } from '@mingdan/kernel';
import { chartDataSchema } from './chart-data.ts';
import { type CustomerWords, cleanCustomerWords, compactJson, fenceFor } from './fenced-data.ts';
import type { Language } from './language.ts';
import { dayOf, reportOutlook, reportYear } from './outlook.ts';
import { loadProduct, type ReportProduct, sharedText } from './products.ts';
import { type DrawnCard, describeCards } from './tarot.ts';
import { renderTemplate } from './template.ts';

export interface PromptRequest extends CustomerWords {
  slug: string;
  /** one of `sectionsOf(slug)` */
  section: string;
  language: Language;
  /** the computed chart as JSON-able data; for products about cards left out */
  chart?: unknown;
  cards?: readonly DrawnCard[];
  now: Date;
}

export interface Prompt {
  system: string;
  user: string;
  /** the same without the customer's question and in milder words, after a content filter */
  softer: string;
  /** the same with the order to be brief, after a cut answer */
  shorter: string;
  /** pillars of the years and months that the data holds: a text may call them a year's or a month's pillar */
  periods: readonly string[];
}

/**
 * The prompt of one section. Order matters for the model's prefix cache: the fixed rules first, then the data, which all
 * sections of an order share to the byte, and the section's task last.
 * @throws MingdanError unknown_report_section | no_report_data
 */
export function buildPrompt(request: PromptRequest): Prompt {
  const product = loadProduct(request.slug);
  const data = dataOf(product, request);
  const write = (words: CustomerWords, extra: string[]) => userPart(product, request, { ...data, words }, extra);
  const words = cleanCustomerWords(request);
  return {
    system: sharedText('system', request.language),
    user: write(words, []),
    softer: write(words.name ? { name: words.name } : {}, [sharedText('softer', request.language)]),
    shorter: write(words, [sharedText('shorter', request.language)]),
    periods: data.periods,
  };
}

interface PromptData {
  /** compact JSON of all that was computed */
  json: string;
  periods: string[];
}

function userPart(
  product: ReportProduct,
  request: PromptRequest,
  { json, words }: PromptData & { words: CustomerWords },
  extra: string[],
): string {
  const { language } = request;
  const section = product.sections.find(({ id }) => id === request.section);
  if (!section) {
    throw new MingdanError('unknown_report_section', `${product.slug} has no section "${request.section}"`, {
      hint: `It has ${product.sections.map(({ id }) => id).join(', ')}`,
    });
  }
  const data = ['```json', json, '```', compactJson({ customer: words })].join('\n');
  const titles = product.sections.flatMap(({ title }) => (title ? [title[language]] : []));
  const values = {
    product: product.title[language],
    section: section.title?.[language] ?? product.title[language],
    sections: titles.join(language === 'en' ? ', ' : '、'),
    today: dayOf(request.now),
    year: String(reportYear(request.now)),
    length: section.length[language],
    fence: fenceFor(data),
    data,
  };
  return [sharedText('data', language), section.template[language], ...extra]
    .map((template) => renderTemplate(template, values))
    .join('\n\n');
}

function dataOf(product: ReportProduct, request: PromptRequest): PromptData {
  if (product.subject === 'cards') {
    if (!request.cards?.length) noData(product, 'cards');
    return { json: compactJson({ cards: describeCards(request.cards, request.language) }), periods: [] };
  }
  const chart = chartDataSchema.safeParse(request.chart);
  const outlook = reportOutlook(request.chart, request.now);
  if (!chart.success || !outlook) noData(product, 'chart');
  const { years, decade } = outlook;
  const months = product.months ? outlook.months : [];
  // The chart may bring an outlook of the day it was computed; two of them would only confuse.
  const analysis = { ...chart.data.analysis, outlook: undefined };
  const data = { chart: { ...chart.data, analysis }, currentDecade: decade, years };
  return {
    json: compactJson(months.length > 0 ? { ...data, months } : data),
    periods: [...years, ...months].map(({ pillar }) => pillar),
  };
}

function noData(product: ReportProduct, what: string): never {
  throw new MingdanError('no_report_data', `${product.slug} needs a ${what}, and there is none`, {
    hint: 'The order was fulfilled in the wrong order of steps; this is a bug',
  });
}
