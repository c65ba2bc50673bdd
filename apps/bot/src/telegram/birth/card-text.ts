import { type Chart, computeChart, findPlace, type OrderBirth } from '@mingdan/bazi';
import type { Product } from '@mingdan/orders';
import type { PartialBirth } from '../session.ts';
import type { Talk } from '../talk.ts';
import { CITIES } from './ask.ts';
import { orderBirth } from './merge.ts';
import { warningTexts } from './warnings.ts';

const DECADES_SHOWN = 8;

/** Everything as it was understood, and the chart, before anyone pays. @throws BirthError */
export function birthCardText(talk: Talk, product: Product, price: string, typed: PartialBirth): string {
  const birth = orderBirth(typed, talk.services.clock.now());
  const chart = computeChart(birth, talk.services.clock.now());
  const blocks = [
    [talk.t('card.title')],
    [talk.t('card.product', { product: product.names, price }), ...inputLines(talk, birth, typed, chart)],
    chartLines(talk, chart),
    warningTexts(talk, chart),
  ];
  return blocks
    .map((lines) => lines.filter((line) => line !== '').join('\n'))
    .filter((block) => block !== '')
    .join('\n\n');
}

export function plainCardText(talk: Talk, product: Product, price: string, question: string | undefined): string {
  const blocks = [
    talk.t('card.title'),
    talk.t('card.product', { product: product.names, price }),
    question === undefined
      ? `${talk.t('card.no_input')}\n${talk.t('ask.question')}`
      : talk.t('card.question', { question }),
  ];
  return blocks.join('\n\n');
}

function inputLines(talk: Talk, birth: OrderBirth, said: PartialBirth, chart: Chart): string[] {
  const time = birth.time ?? talk.t('card.unknown_time');
  const typed = birth.calendar === 'lunar' ? talk.t('card.typed_lunar') : '';
  return [
    talk.t('card.name', { name: birth.name ?? '' }),
    birth.gender === null ? '' : talk.t('card.gender', { gender: talk.t(`answers.${birth.gender}`) }),
    talk.t('card.solar', { date: chart.solarDate, time }) + typed,
    talk.t('card.lunar', { date: lunarText(talk, chart) }),
    placeLine(talk, birth, said),
    solarTimeLine(talk, birth, chart),
  ];
}

function lunarText(talk: Talk, chart: Chart): string {
  const { text, year, month, day, leap } = chart.lunarDate;
  if (talk.language === 'en') {
    return talk.t(leap ? 'lunar_day.leap' : 'lunar_day.ordinary', { year, month: talk.t(`months.${month}`), day });
  }
  return talk.language === 'zh-TW' ? text.replace('闰', '閏').replace('腊', '臘') : text;
}

/** Who writes English reads the place as it was typed or pressed, not in Chinese. */
function placeName(talk: Talk, place: string, typed: string | undefined): string {
  if (talk.language !== 'en' || typed === undefined || findPlace(typed)?.name !== place) return place;
  const city = Object.entries(CITIES).find(([, name]) => name === typed);
  return city ? talk.t(`cities.${city[0]}`) : typed;
}

function placeLine(talk: Talk, birth: OrderBirth, said: PartialBirth): string {
  if (birth.place === null || birth.longitude === null) return talk.t('card.no_place');
  const side = birth.longitude < 0 ? 'W' : 'E';
  const longitude = `${Math.abs(birth.longitude).toFixed(2)}°${side}`;
  return talk.t('card.place', { place: placeName(talk, birth.place, said.typedPlace), longitude });
}

/** True solar time where a place is known; otherwise only what differs from the clock is worth a line. */
function solarTimeLine(talk: Talk, birth: OrderBirth, chart: Chart): string {
  if (chart.solarTimeUsed === null) return '';
  const time = chart.solarTimeUsed.slice(0, 16).replace('T', ' ');
  if (birth.solarTime === 'true') return talk.t('card.true_solar', { time });
  return chart.correction.dstMinutes === 0 ? '' : talk.t('card.standard_time', { time });
}

function chartLines(talk: Talk, chart: Chart): string[] {
  const { year, month, day, hour } = chart.pillars;
  const named = [
    talk.t('card.year', { pillar: year }),
    talk.t('card.month', { pillar: month }),
    talk.t('card.day', { pillar: day }),
    ...(hour === null ? [] : [talk.t('card.hour', { pillar: hour })]),
  ];
  const key = hour === null ? 'card.three_pillars' : 'card.pillars';
  return [talk.t(key, { pillars: named.join('　') }), ...luckLines(talk, chart)];
}

function luckLines(talk: Talk, chart: Chart): string[] {
  const { luck } = chart;
  if (luck === null) return [];
  const [from, to] = (luck.startRange ?? [luck.start, luck.start]).map((at) => at.slice(0, 7));
  const start = from === to ? String(from) : `${from} ~ ${to}`;
  const direction = talk.t(luck.forward ? 'card.forward' : 'card.backward');
  const decades = luck.decades
    .slice(0, DECADES_SHOWN)
    .map(({ pillar, year, age }) => talk.t('card.decade', { pillar, year, age }));
  return ['', talk.t('card.luck', { direction, start }), ...decades];
}
