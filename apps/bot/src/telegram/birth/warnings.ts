import type { Chart } from '@mingdan/bazi';
import type { TextParams } from '../../texts.ts';
import type { Talk } from '../talk.ts';

type Warning = Chart['warnings'][number];

/** What a reader of the chart must know, in words: near a border both sides are shown. */
export function warningTexts(talk: Talk, chart: Chart): string[] {
  return chart.warnings.flatMap((warning) => {
    // Without an hour there is no clock that an hour could have been taken off.
    if (warning.code === 'summer_time_removed' && chart.solarTimeUsed === null) return [];
    const text = textOf(talk, warning);
    return text === undefined ? [] : [talk.t('card.warning', { warning: text })];
  });
}

function textOf(talk: Talk, warning: Warning): string | undefined {
  const say = (params: TextParams = {}): string => talk.t(`warnings.${warning.code}`, params);
  switch (warning.code) {
    case 'near_term':
    case 'month_two_valued': {
      const [one, two] = warning.candidates.map(({ year, month }) => `${year} ${month}`);
      return say({ term: termName(talk, warning.term), at: clock(warning.at), one: one ?? '', two: two ?? '' });
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
      return say({ bazi: animal(talk, warning.bazi), daily: animal(talk, warning.daily) });
    case 'luck_beyond_engine':
    case 'no_longitude':
      return say();
    default:
      // The rest belongs to scripts and other sources, and cannot come out of a card.
      return undefined;
  }
}

const clock = (at: string): string => at.slice(0, 16).replace('T', ' ');

function termName(talk: Talk, term: string): string {
  return talk.services.texts.has(talk.language, `terms.${term}`) ? talk.t(`terms.${term}`) : term;
}

function animal(talk: Talk, name: string): string {
  return talk.services.texts.has(talk.language, `animals.${name}`) ? talk.t(`animals.${name}`) : name;
}
