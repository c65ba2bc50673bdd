export const $ = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, '');
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

export const badge = (text, good) => make('span', { class: `state ${good ? 'good' : 'bad'}` }, text);

export async function ask(path, method = 'GET', body = undefined) {
  const answer = await fetch(`/panel/api/${path}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const result = await answer.json();
  $('said').textContent = answer.ok ? '' : result.error;
  return result;
}
