import { make } from './messages.js';

const $ = (id) => document.getElementById(id);

/** The drawer with accounts, deep link, blocking and theme. `hands` = { me(), open(payload), block(blocked) } */
export function setUpSide(hands) {
  const show = (open) => {
    document.body.classList.toggle('side-is-open', open);
    $('side-open').setAttribute('aria-expanded', String(open));
    if (open) $('side-close').focus();
  };
  $('side-open').addEventListener('click', () => show(!document.body.classList.contains('side-is-open')));
  $('side-close').addEventListener('click', () => show(false));
  $('side-shade').addEventListener('click', () => show(false));
  document.addEventListener('keydown', (event) => event.key === 'Escape' && show(false));

  $('add-person').addEventListener('submit', async (event) => {
    event.preventDefault();
    const { name, language } = Object.fromEntries(new FormData(event.target));
    const answer = await fetch('/chat/api/people', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, language }),
    });
    if (answer.ok) location.search = `?user=${(await answer.json()).id}`;
  });
  $('deep-link').addEventListener('submit', (event) => {
    event.preventDefault();
    hands.open(new FormData(event.target).get('payload') ?? '');
    show(false);
  });
  $('block').addEventListener('click', () => {
    hands.block(!hands.me()?.blocked);
    show(false);
  });
  $('theme').addEventListener('click', () => {
    const root = document.documentElement;
    const isDark = root.dataset.theme
      ? root.dataset.theme === 'dark'
      : matchMedia('(prefers-color-scheme: dark)').matches;
    setTheme(isDark ? 'light' : 'dark');
  });
  setTheme(new URLSearchParams(location.search).get('theme') ?? localStorage.getItem('theme'));
}

function setTheme(theme) {
  if (theme !== 'dark' && theme !== 'light') return;
  document.documentElement.dataset.theme = theme;
  localStorage.setItem('theme', theme);
}

export async function showPeople(currentId) {
  const { people } = await (await fetch('/chat/api/people')).json();
  $('people').replaceChildren(
    ...people.map((person) => {
      const link = make('a', 'person');
      link.href = `?user=${person.id}`;
      link.dataset.testid = 'person';
      if (person.id === currentId) link.setAttribute('aria-current', 'page');
      const names = make('span', 'person-names');
      names.append(make('strong', '', person.name), make('small', '', `${person.id} · ${person.language}`));
      const face = make('span', 'face', [...person.name][0]);
      face.style.setProperty('--hue', String((person.id * 67) % 360));
      face.ariaHidden = 'true';
      link.append(face, names);
      return link;
    }),
  );
}
