// The chart of a birth while it is typed: free, before anything is ordered.

import { markup, say, valuesOf } from './fields.js';

const WAIT_MS = 500;
const FIELDS = ['name', 'gender', 'calendar', 'date', 'leap', 'time', 'time_unknown', 'place'];

export function followBirth(form) {
  const group = form.querySelector('[data-birth]');
  const preview = form.querySelector('[data-chart-preview]');
  if (!group || !preview) return;
  let timer;
  let asked = 0;
  let shown = '';

  const dependents = () => {
    const lunar = form.elements.calendar.value === 'lunar';
    form.querySelector('[for="leap"]').hidden = !lunar;
    form.elements.time.disabled = form.elements.time_unknown.checked;
  };

  async function draw() {
    const values = valuesOf(form);
    const fields = Object.fromEntries(FIELDS.flatMap((name) => (values[name] ? [[name, values[name]]] : [])));
    // Not before there is enough to compute from: nobody wants to be told off while typing.
    if (!fields.gender || !fields.date || (!fields.time && !fields.time_unknown)) return;
    const text = JSON.stringify({ fields });
    if (text === shown) return;
    asked += 1;
    const mine = asked;
    try {
      const reply = await fetch(`/api/chart-preview?lang=${document.documentElement.lang}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: text,
        signal: AbortSignal.timeout(8000),
      });
      const answer = await reply.json();
      if (mine !== asked) return;
      shown = text;
      for (const name of ['name', 'gender', 'date', 'time', 'place']) say(form, name, '');
      if (answer.success) preview.replaceChildren(markup(answer.data.html));
      else {
        preview.replaceChildren();
        if (answer.error?.field) say(form, answer.error.field, answer.error.message);
      }
    } catch {
      // The chart comes with the order anyway.
    }
  }

  group.addEventListener('input', () => {
    dependents();
    clearTimeout(timer);
    timer = setTimeout(draw, WAIT_MS);
  });
  dependents();
  draw();
}
