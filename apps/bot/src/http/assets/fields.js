// What is wrong with a field, right below it; used by every page with a form.

export function say(form, name, text) {
  const field = form.elements[name];
  const error = form.querySelector(`#${name}-error`);
  if (!field || !error) return;
  error.textContent = text;
  error.hidden = text === '';
  const marked = field instanceof RadioNodeList ? error.closest('fieldset') : field;
  if (text === '') marked?.removeAttribute('aria-invalid');
  else marked?.setAttribute('aria-invalid', 'true');
  describe(marked, error.id, text !== '');
  if (text === '') putRight(name);
}

/** What was put right is no longer listed above the form, and an empty list is gone. */
function putRight(name) {
  const list = document.querySelector('#wrong');
  list?.querySelector(`a[href="#${name}"]`)?.closest('li')?.remove();
  if (list?.querySelector('ul') && !list.querySelector('li')) list.remove();
}

function describe(field, id, described) {
  if (!field) return;
  const ids = new Set((field.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean));
  if (described) ids.add(id);
  else ids.delete(id);
  if (ids.size === 0) field.removeAttribute('aria-describedby');
  else field.setAttribute('aria-describedby', [...ids].join(' '));
}

/** Markup that our own server made of its templates. */
export function markup(text) {
  const page = new DOMParser().parseFromString(text, 'text/html');
  const all = document.createDocumentFragment();
  all.append(...[...page.body.childNodes].map((node) => document.adoptNode(node)));
  return all;
}

/** Values of a form by name, as it would send them. */
export function valuesOf(form) {
  return Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === 'string'));
}
