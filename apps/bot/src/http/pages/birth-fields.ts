import { BirthError, checkOrderBirth, type OrderBirth, parseDate, parseTime } from '@mingdan/bazi';
import { html } from 'ghtml';
import type { TextKey, Texts } from '../texts.ts';
import { choiceField, type Typed, textField, type Wrong } from './fields.ts';
import type { Markup } from './layout.ts';

const CITIES = [
  'beijing',
  'shanghai',
  'guangzhou',
  'shenzhen',
  'chengdu',
  'chongqing',
  'wuhan',
  'xian',
  'hangzhou',
  'nanjing',
  'taipei',
  'hongkong',
] as const;

/** As clocks show it, with or without the colon, which keyboards of numbers do not have. A field of type time asks for AM and PM in some browsers. */
const TIME = '([01][0-9]|2[0-3])[:：.]?[0-5][0-9]|[0-9][:：.][0-5][0-9]';

/** What a report must know of a birth: the same as the chat asks for. */
export function birthFields(typed: Typed, wrong: Wrong, t: Texts): Markup {
  const optional = t('form.optional');
  const shown = { calendar: 'solar', ...typed };
  return html`<fieldset class="group" data-birth><legend>${t('form.birth')}</legend>
!${textField({ name: 'name', label: t('birth:fields.name'), aside: optional, attributes: html`maxlength="40" autocomplete="off"` }, shown, wrong)}
!${choiceField(
    {
      name: 'gender',
      label: t('birth:fields.gender'),
      choices: [
        { value: 'male', label: t('birth:answers.male') },
        { value: 'female', label: t('birth:answers.female') },
      ],
      required: true,
    },
    shown,
    wrong,
  )}
!${choiceField(
    {
      name: 'calendar',
      label: t('form.calendar'),
      choices: [
        { value: 'solar', label: t('birth:answers.solar') },
        { value: 'lunar', label: t('birth:answers.lunar') },
      ],
    },
    shown,
    wrong,
  )}
!${textField({ name: 'date', label: t('birth:fields.date'), hint: t('form.dateHint'), attributes: html`required maxlength="40" placeholder="1990-05-15" autocomplete="off"` }, shown, wrong)}
!${tick('leap', t('form.leap'), shown)}
!${textField({ name: 'time', label: t('birth:fields.time'), hint: t('form.timeHint'), attributes: html`inputmode="numeric" pattern="${TIME}" maxlength="20" placeholder="14:30" autocomplete="off"` }, shown, wrong)}
!${tick('time_unknown', t('birth:answers.unknown_time'), shown)}
!${textField({ name: 'place', label: t('birth:fields.place'), aside: optional, hint: t('form.placeHint'), attributes: html`maxlength="80" list="cities" autocomplete="off"` }, shown, wrong)}
<datalist id="cities">!${CITIES.map((city) => html`<option value="${t(`birth:cities.${city}`)}">`)}</datalist>
</fieldset>
<div id="chart-preview" aria-live="polite" data-chart-preview></div>`;
}

function tick(name: string, label: string, typed: Typed): Markup {
  const checked = typed[name] === '1' ? html` checked` : '';
  return html`<label class="tick" for="${name}"><input type="checkbox" id="${name}" name="${name}" value="1"!${checked}> <span>${label}</span></label>`;
}

/** The fields under which what is wrong with a birth is shown. */
const FIELD_OF: Readonly<Record<string, string>> = {
  name: 'name',
  gender: 'gender',
  time: 'time',
  place: 'place',
  longitude: 'place',
  tz: 'place',
  solarTime: 'place',
};

/** The birth that a form tells, or what is wrong with it, under the field it belongs to. */
export function readBirthFields(typed: Typed, now: Date, t: Texts): { birth?: OrderBirth; wrong: Wrong } {
  const wrong: Record<string, string> = {};
  if (typed.gender !== 'male' && typed.gender !== 'female') wrong.gender = t('form.genderMissing');
  if (!typed.date) wrong.date = t('form.dateMissing');
  if (!typed.time && typed.time_unknown !== '1') wrong.time = t('form.timeMissing');
  if (Object.keys(wrong).length > 0) return { wrong };
  try {
    return { birth: checkOrderBirth(birthOf(typed, now), now), wrong };
  } catch (error) {
    if (!(error instanceof BirthError)) throw error;
    return { wrong: { [FIELD_OF[error.field] ?? 'date']: birthErrorText(error, t) } };
  }
}

function birthErrorText({ code }: BirthError, t: Texts): string {
  const key: TextKey = `birth:errors.${code}`;
  return t(key);
}

/** A date as fields give it is taken as it is, in the chosen calendar; whatever else people write is read as in the chat. */
function birthOf(typed: Typed, now: Date): object {
  const text = (typed.date ?? '').normalize('NFKC').trim();
  const plain = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(text) ?? /^(\d{4})(\d\d)(\d\d)$/.exec(text);
  const lunar = typed.calendar === 'lunar';
  const date = plain
    ? { calendar: lunar ? 'lunar' : 'solar', date: plain.slice(1).join('-'), leap: lunar && typed.leap === '1' }
    : parseDate(lunar ? `农历${text}` : text, now);
  return {
    ...date,
    time: typed.time_unknown === '1' || !typed.time ? null : parseTime(typed.time).time,
    gender: typed.gender,
    place: typed.place || null,
    name: typed.name || null,
  };
}
