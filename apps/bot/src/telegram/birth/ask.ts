import type { RenderedButton } from '../../texts.ts';
import { type Buttons, inLines } from '../keyboard.ts';
import type { Draft, Question } from '../session.ts';
import type { Talk } from '../talk.ts';
import { LONGEST_NAME, type Problem } from './read-answer.ts';

/** The middle of each double hour; 子 is cut at midnight, since its halves are of two dates. */
const HOURS = [
  '00:30',
  '02:00',
  '04:00',
  '06:00',
  '08:00',
  '10:00',
  '12:00',
  '14:00',
  '16:00',
  '18:00',
  '20:00',
  '22:00',
  '23:30',
];

export const CITIES = {
  beijing: '北京',
  shanghai: '上海',
  guangzhou: '广州',
  shenzhen: '深圳',
  chengdu: '成都',
  chongqing: '重庆',
  wuhan: '武汉',
  xian: '西安',
  hangzhou: '杭州',
  nanjing: '南京',
  taipei: '台北',
  hongkong: '香港',
} as const;

/** Telegram's limit for callback_data. */
const CALLBACK_BYTES = 64;

/** One question with its shortcuts; above it what was wrong with the last answer, or a word of welcome; below them what else there is. */
export async function ask(
  talk: Talk,
  draft: Draft,
  question: Question,
  above: string,
  more: readonly RenderedButton[] = [],
): Promise<void> {
  const text = [above, questionText(talk, draft, question)].filter((line) => line !== '').join('\n\n');
  await talk.say(text, [...shortcuts(talk, draft, question), more]);
}

/** What is wrong, in a line that says what to type instead. */
export function problemText(talk: Talk, problem: Problem): string {
  return talk.t(`errors.${problem.code}`, { max: LONGEST_NAME });
}

export function suggestionButtons(talk: Talk, draft: Draft, problem: Problem): Buttons {
  const buttons = (problem.suggestions ?? []).map(({ name }) => ({
    text: name,
    callbackData: setData(draft, 'place', name),
  }));
  const fitting = buttons.filter(({ callbackData }) => Buffer.byteLength(callbackData) <= CALLBACK_BYTES);
  return [...inLines(fitting, 2), [talk.button('answers.no_place', setData(draft, 'place', 'skip'))]];
}

function setData(draft: Draft, question: Question, value: string): string {
  return `set:${draft.id}:${question}:${value}`;
}

function questionText(talk: Talk, draft: Draft, question: Question): string {
  if (question === 'date') return talk.t(draft.birth.calendar === 'lunar' ? 'ask.date_lunar' : 'ask.date_solar');
  if (question !== 'leap') return talk.t(`ask.${question}`);
  const { year, month } = lunarMonth(talk, draft);
  return talk.t('ask.leap', { year, month });
}

function lunarMonth(talk: Talk, draft: Draft): { year: number; month: string } {
  const [year = 0, month = 1] = (draft.birth.date ?? '').split('-').map(Number);
  return { year, month: talk.t(`months.${month}`) };
}

function shortcuts(talk: Talk, draft: Draft, question: Question): Buttons {
  const button = (key: string, value: string): RenderedButton => talk.button(key, setData(draft, question, value));
  switch (question) {
    case 'name':
      return nameShortcut(talk, draft);
    case 'gender':
      return [[button('answers.male', 'male'), button('answers.female', 'female')]];
    case 'calendar':
      return [[button('answers.solar', 'solar'), button('answers.lunar', 'lunar')]];
    case 'date':
      return [];
    case 'leap': {
      const { month } = lunarMonth(talk, draft);
      return [
        [talk.button('ask.leap_yes', setData(draft, 'leap', 'yes'), { month })],
        [talk.button('ask.leap_no', setData(draft, 'leap', 'no'), { month })],
      ];
    }
    case 'time':
      return [
        ...inLines(
          HOURS.map((time) => button(`hours.h${time.slice(0, 2)}`, time)),
          3,
        ),
        [button('answers.unknown_time', 'unknown')],
      ];
    case 'place':
      return [
        ...inLines(
          Object.entries(CITIES).map(([key, city]) => button(`cities.${key}`, city)),
          4,
        ),
        [button('answers.no_place', 'skip')],
      ];
  }
}

function nameShortcut(talk: Talk, draft: Draft): Buttons {
  const name = talk.firstName.trim().slice(0, LONGEST_NAME);
  return name === '' ? [] : [[talk.button('answers.use_name', setData(draft, 'name', 'mine'), { name })]];
}
