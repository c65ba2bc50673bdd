const TAGS = {
  bold: 'strong',
  italic: 'em',
  underline: 'u',
  strikethrough: 's',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
  expandable_blockquote: 'blockquote',
  spoiler: 'span',
};

const BLOCKS = new Set(['PRE', 'BLOCKQUOTE']);

/**
 * Text with Telegram's entities as nodes. Everything goes in as text, so nothing that a bot or a person writes becomes markup.
 * @param onCommand called with a command that was clicked, such as `/help`
 */
export function renderText(text, entities, onCommand) {
  const edges = new Set([0, text.length]);
  for (const { offset, length } of entities) edges.add(offset).add(offset + length);
  const points = [...edges].filter((edge) => edge <= text.length).sort((a, b) => a - b);
  const fragment = document.createDocumentFragment();
  let open = [];
  for (let index = 0; index + 1 < points.length; index++) {
    const [from, to] = [points[index], points[index + 1]];
    const covering = entities.filter((entity) => entity.offset <= from && entity.offset + entity.length >= to);
    // Neighbouring pieces share the elements of the entities that cover both.
    let depth = 0;
    while (depth < open.length && open[depth].entity === covering[depth]) depth++;
    open = open.slice(0, depth);
    for (const entity of covering.slice(depth)) {
      const node = elementFor(entity, text, onCommand);
      (open.at(-1)?.node ?? fragment).append(node);
      open.push({ entity, node });
    }
    const piece = text.slice(from, to);
    // A block ends its line by itself: the line break after it would show as an empty line.
    const isAfterBlock = BLOCKS.has(fragment.lastChild?.nodeName) && open.length === 0;
    (open.at(-1)?.node ?? fragment).append(isAfterBlock ? piece.replace(/^\n/, '') : piece);
  }
  return fragment;
}

function elementFor(entity, text, onCommand) {
  const covered = text.slice(entity.offset, entity.offset + entity.length);
  if (entity.type === 'url' || entity.type === 'text_link') return link(entity.url ?? covered);
  if (entity.type === 'bot_command') return command(covered, onCommand);
  const node = document.createElement(TAGS[entity.type] ?? 'span');
  if (entity.type === 'spoiler') {
    node.className = 'spoiler';
    node.tabIndex = 0;
    node.addEventListener('click', () => node.classList.add('spoiler-open'));
  }
  return node;
}

export function link(url) {
  const node = document.createElement('a');
  if (/^(https?|tg|mailto):/i.test(url)) node.href = url;
  node.target = '_blank';
  node.rel = 'noopener noreferrer';
  return node;
}

function command(text, onCommand) {
  const node = document.createElement('button');
  node.type = 'button';
  node.className = 'command-link';
  node.addEventListener('click', () => onCommand(text));
  return node;
}
