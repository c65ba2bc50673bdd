import type { Chart } from '@mingdan/bazi';
import type { TextParams } from '../../texts.ts';

type Warning = Chart['warnings'][number];

/** Whoever says it in somebody's language: a talk in the chat, or a page. */
export interface Speaker {
  t(key: string, params?: TextParams): string;
  /** whether there is such a text */
  knows(key: string): boolean;
}

/** What a reader of the chart must know, in words: near a border both sides are shown. */
export function warningTexts(speaker: Speaker, chart: Chart): string[] {
  return chart.warnings.flatMap((warning) => {
    // Without an hour there is no clock that an hour could have been taken off.
    if (warning.code === 'summer_time_removed' && chart.solarTimeUsed === null) return [];
    const text = textOf(speaker, warning);
    return text === undefined ? [] : [speaker.t('card.warning', { warning: text })];
  });
}

function textOf(speaker: Speaker, warning: Warning): string | undefined {
  const say = (params: TextParams = {}): string => speaker.t(`warnings.${warning.code}`, params);
  switch (warning.code) {
    case 'near_term':
    case 'month_two_valued': {
      const [one, two] = warning.candidates.map(({ year, month }) => `${year} ${month}`);
      return say({ term: termName(speaker, warning.term), at: clock(warning.at), one: one ?? '', two: two ?? '' });
    }
    case 'near_hour_edge':
    case 'near_day_edge': {
      const [one, two] = warning.candidates.map(({ day, hour }) => `${day} ${hour}`);
      return say({ edge: warning.edge, one: one ?? '', two: two ?? '' });
    }
    case 'ambiguous_time': {
      const [one, two] = warning.candidates.map(
        ({ pillars }) => `${pillars.year} ${pillars.month} ${pillars.day} ${pillars.hour}`,
      );
      return say({ one: one ?? '', two: two ?? '' });
    }
    case 'hour_unknown':
      return warning.otherDays.length === 0 ? undefined : say({ days: warning.otherDays.join(' / ') });
    case 'summer_time_removed':
      return say({ minutes: warning.minutes });
    case 'zodiac_differs':
      return say({ bazi: animal(speaker, warning.bazi), daily: animal(speaker, warning.daily) });
    case 'luck_beyond_engine':
    case 'no_longitude':
      return say();
    default:
      // The rest belongs to scripts and other sources, and cannot come out of a card.
      return undefined;
  }
}

const clock = (at: string): string => at.slice(0, 16).replace('T', ' ');

function termName(speaker: Speaker, term: string): string {
  return speaker.knows(`terms.${term}`) ? speaker.t(`terms.${term}`) : term;
}

function animal(speaker: Speaker, name: string): string {
  return speaker.knows(`animals.${name}`) ? speaker.t(`animals.${name}`) : name;
}
