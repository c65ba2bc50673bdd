import { html } from 'ghtml';
import type { Markup } from './layout.ts';

/** What was typed into a form, by the names of its fields. */
export type Typed = Readonly<Record<string, string>>;
/** What is wrong with it, in words, by the names of its fields. */
export type Wrong = Readonly<Record<string, string>>;

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** said behind the label of what may be left out */
  readonly aside?: string;
  /** attributes of the input beside name, id and value; not escaped */
  readonly attributes: Markup;
}

/** A field with its label, its hint, and what is wrong with it right below it. */
export function textField(field: Field, typed: Typed, wrong: Wrong): Markup {
  const { name, label, hint, aside } = field;
  const error = wrong[name];
  return html`<div class="field"><label for="${name}">${label}!${aside === undefined ? '' : html` <span class="small">${aside}</span>`}</label>
<input id="${name}" name="${name}" value="${typed[name] ?? ''}"!${describedBy(name, hint, error)} !${field.attributes}>
!${hint === undefined ? '' : html`<p class="small" id="${name}-hint">${hint}</p>`}!${errorOf(name, error)}</div>`;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** beside the label, such as a price in another currency */
  readonly aside?: string;
  /** a picture before the label; not escaped */
  readonly mark?: Markup;
  /** attributes of this input; not escaped */
  readonly attributes?: Markup;
}

/** One of several, as radio buttons under one name. */
export function choiceField(
  field: { name: string; label: string; choices: readonly Choice[]; rows?: boolean; required?: boolean },
  typed: Typed,
  wrong: Wrong,
): Markup {
  const { name, label, choices, rows, required } = field;
  const error = wrong[name];
  const items = choices.map((choice, index) => {
    const id = index === 0 ? name : `${name}-${choice.value}`;
    const checked = typed[name] === choice.value ? html` checked` : '';
    const needed = required ? html` required` : '';
    return html`<label class="choice" for="${id}"><input type="radio" id="${id}" name="${name}" value="${choice.value}"!${checked}!${needed}!${choice.attributes ?? ''}>!${choice.mark ?? ''}
<span>${choice.label}</span>!${choice.aside === undefined ? '' : html`<span class="small">${choice.aside}</span>`}</label>`;
  });
  return html`<fieldset class="field"!${describedBy(name, undefined, error)}><legend>${label}</legend><div class="${rows ? 'choices rows' : 'choices'}">!${items}</div>!${errorOf(name, error)}</fieldset>`;
}

function describedBy(name: string, hint: string | undefined, error: string | undefined): Markup {
  const ids = [...(error === undefined ? [] : [`${name}-error`]), ...(hint === undefined ? [] : [`${name}-hint`])];
  const described = ids.length === 0 ? '' : html` aria-describedby="${ids.join(' ')}"`;
  return html`!${described}!${error === undefined ? '' : html` aria-invalid="true"`}`;
}

/** There though nothing is wrong, so that a script can say something in it. */
function errorOf(name: string, error: string | undefined): Markup {
  return html`<p class="error" id="${name}-error"!${error === undefined ? html` hidden` : ''}>${error ?? ''}</p>`;
}

/** Several things are wrong, perhaps far below: what, and where. */
export function wrongAbove(wrong: Wrong, title: string): Markup {
  const items = Object.entries(wrong).map(([name, text]) =>
    name === '' ? html`<li>${text}</li>` : html`<li><a href="#${name}">${text}</a></li>`,
  );
  if (items.length === 0) return '';
  return html`<div class="note trouble" role="alert" id="wrong" tabindex="-1"><strong>${title}</strong><ul>!${items}</ul></div>`;
}
