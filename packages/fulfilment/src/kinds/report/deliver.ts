import { type Order, openInput } from '@mingdan/orders';
import type { Outgoing } from '@mingdan/outbox';
import {
  assembleReport,
  entertainmentNotice,
  pillarsNote,
  reportTitle,
  sectionsOf,
  sectionTitle,
  sharedText,
  splitForTelegram,
  toPlainText,
} from '@mingdan/report';
import { z } from 'zod';
import type { Step, StepContext } from '../../contract.ts';
import { toMailbox } from '../../tell-buyer.ts';
import { chartResultSchema } from './chart.ts';
import { languageOf, type ReportDeps, reportInputSchema } from './contract.ts';
import { sectionResultSchema, sectionStepName } from './section.ts';

const RENDERED = 'deliver';

const renderedSchema = z.object({
  title: z.string(),
  name: z.string(),
  /** the whole report, as the order page shows it */
  markdown: z.string(),
  /** its plain text, in parts that fit a chat message */
  parts: z.array(z.string()),
  chart: z.unknown().optional(),
});
export type RenderedReport = z.infer<typeof renderedSchema>;

/** The report out of the saved results of an order, or undefined while it is not written. */
export function renderedReport(results: ReadonlyMap<string, unknown>): RenderedReport | undefined {
  return renderedSchema.safeParse(results.get(RENDERED)).data;
}

/** Puts the sections together and hands them to the sender: title, parts, closing line. The order is complete when the last is sent. */
export function deliverStep(deps: ReportDeps): Step {
  return {
    name: RENDERED,
    async run(context) {
      const { order } = context;
      const { chatId, orderNo, productNames: product } = order;
      const report = render(deps, context);
      const ready = { template: 'report_ready', params: { orderNo, product } } as const;
      const say =
        chatId === null
          ? toMailbox(deps.vault, order, { dedupeKey: `report:${orderNo}:mail`, message: ready })
          : deliveryMessages(order, chatId, report, deps.orderLink(orderNo), 'report');
      return { kind: 'done', result: report, say, handOver: true };
    },
  };
}

function render(deps: ReportDeps, { order, results }: StepContext): RenderedReport {
  const language = languageOf(order);
  const name = reportInputSchema.parse(openInput(deps.vault, order) ?? {}).name ?? '';
  const title = reportTitle(order.productSlug, language, name);
  const made = chartResultSchema.safeParse(results.get('bazi')).data;
  const sections = sectionsOf(order.productSlug).map((section) => ({
    title: sectionTitle(order.productSlug, section, language),
    text: sectionResultSchema.parse(results.get(sectionStepName(section))).text,
  }));
  const notes = [
    pillarsNote(made?.chart, language),
    made?.fellBack ? sharedText('note-local-chart', language) : undefined,
  ].filter((note) => note !== undefined);
  const markdown = assembleReport({ title, notes, sections, notice: entertainmentNotice(language) });
  // The title is a message of its own.
  const body = toPlainText(markdown.replace(/^# .*\n+/, ''));
  return { title, name, markdown, parts: splitForTelegram(body), chart: made?.chart };
}

/** The messages of a report, in the order in which they are read. `key` tells this sending from another one. */
export function deliveryMessages(
  order: Order,
  chatId: number,
  report: RenderedReport,
  link: string,
  key: string,
): Outgoing[] {
  const { orderNo, productNames: product } = order;
  const messages: Outgoing['message'][] = [
    { template: 'report_title', params: { orderNo, product, name: report.name } },
    ...report.parts.map((text) => ({ template: 'report_part' as const, params: { text } })),
    { template: 'report_closing', params: { orderNo, product, link } },
  ];
  return messages.map((message, place) => ({
    chatId,
    userId: order.userId,
    orderId: order.id,
    dedupeKey: `${key}:${orderNo}:${place}`,
    message,
    delivers: key === 'report',
  }));
}
