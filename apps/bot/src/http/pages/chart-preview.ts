import { type Chart, computeChart, type OrderBirth } from '@mingdan/bazi';
import type { Language } from '@mingdan/orders';
import { html } from 'ghtml';
import { warningTexts } from '../../telegram/birth/warnings.ts';
import { birthSpeaker, type Texts, textsIn } from '../texts.ts';
import { chartTable } from './chart.ts';
import type { Markup } from './layout.ts';

const DECADES_SHOWN = 8;

/** The chart as it is shown free, before anybody pays: pillars, how the clock was read, decades, and what lies near a border. */
export function chartPreview(birth: OrderBirth, now: Date, language: Language): { chart: Chart; markup: Markup } {
  const chart = computeChart(birth, now);
  const t = textsIn(language);
  const lines = [readAs(birth, chart, t), luckLine(chart, t)].filter((line) => line !== '');
  const markup = html`<section class="preview">!${chartTable(chart, t)}
!${lines.map((line) => html`<p class="small">${line}</p>`)}
!${warningTexts(birthSpeaker(language), chart).map((warning) => html`<p class="small">${warning}</p>`)}</section>`;
  return { chart, markup };
}

function readAs(birth: OrderBirth, chart: Chart, t: Texts): string {
  const solar = t('birth:card.solar', {
    date: chart.solarDate,
    time: birth.time ?? t('birth:card.unknown_time'),
  });
  if (chart.solarTimeUsed === null) return solar;
  const time = chart.solarTimeUsed.slice(0, 16).replace('T', ' ');
  const used = birth.solarTime === 'true' ? t('birth:card.true_solar', { time }) : '';
  return [solar, used].filter((part) => part !== '').join(' · ');
}

function luckLine({ luck }: Chart, t: Texts): string {
  if (luck === null) return '';
  const [from, to] = (luck.startRange ?? [luck.start, luck.start]).map((at) => at.slice(0, 7));
  const direction = t(luck.forward ? 'birth:card.forward' : 'birth:card.backward');
  const title = t('birth:card.luck', { direction, start: from === to ? String(from) : `${from} ~ ${to}` });
  const decades = luck.decades.slice(0, DECADES_SHOWN).map(({ pillar, year }) => `${pillar} ${year}`);
  return `${title} ${decades.join('　')}`;
}
