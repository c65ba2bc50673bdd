import { html } from 'ghtml';
import { z } from 'zod';
import type { Texts } from '../texts.ts';
import type { Markup } from './layout.ts';

const PILLARS = ['year', 'month', 'day', 'hour'] as const;

const words = z.partialRecord(z.enum(PILLARS), z.unknown()).catch({});

/** Of a saved chart only the pillars must be there: what is unknown is left out, and an old report still opens. */
const shownChart = z.object({
  pillars: z.object({
    year: z.string().min(2),
    month: z.string().min(2),
    day: z.string().min(2),
    hour: z.string().min(2).nullish(),
  }),
  nayin: words.optional(),
});

const ELEMENTS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries({
    wood: '甲乙寅卯',
    fire: '丙丁巳午',
    earth: '戊己辰戌丑未',
    metal: '庚辛申酉',
    water: '壬癸亥子',
  }).flatMap(([element, characters]) => [...characters].map((character) => [character, element])),
);

/** The four pillars as a small table; nothing where there is no chart. */
export function chartTable(chart: unknown, t: Texts): Markup {
  const parsed = shownChart.safeParse(chart);
  if (!parsed.success) return '';
  const { pillars, nayin } = parsed.data;
  const stemsAndBranches = PILLARS.map((pillar) => [...(pillars[pillar] ?? '')]);
  return html`<table class="chart">
<caption>${t('chart.title')}</caption>
<thead><tr><td></td>!${PILLARS.map((pillar) => html`<th scope="col">${t(`chart.${pillar}`)}</th>`)}</tr></thead>
<tbody>
!${glyphRow(
    t('chart.stem'),
    stemsAndBranches.map(([stem]) => stem),
    t,
  )}
!${glyphRow(
    t('chart.branch'),
    stemsAndBranches.map(([, branch]) => branch),
    t,
  )}
!${nayin ? nayinRow(t('chart.nayin'), nayin) : ''}
</tbody>
</table>`;
}

function glyphRow(label: string, glyphs: readonly (string | undefined)[], t: Texts): Markup {
  const cells = glyphs.map((glyph) =>
    glyph === undefined
      ? html`<td class="unknown">${t('chart.unknown')}</td>`
      : html`<td lang="zh" class="glyph ${ELEMENTS[glyph] ?? ''}">${glyph}</td>`,
  );
  return html`<tr><th scope="row">${label}</th>!${cells}</tr>`;
}

function nayinRow(label: string, nayin: Readonly<Partial<Record<(typeof PILLARS)[number], unknown>>>): Markup {
  const names = PILLARS.map((pillar) => nayin[pillar]);
  if (!names.some((name) => typeof name === 'string')) return '';
  const cells = names.map((name) => html`<td lang="zh">${typeof name === 'string' ? name : ''}</td>`);
  return html`<tr class="nayin"><th scope="row">${label}</th>!${cells}</tr>`;
}
