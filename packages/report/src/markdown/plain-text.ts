import type { List, ListItem, Nodes, Parents, Table } from 'mdast';
import { parseMarkdown, textOf } from './parse.ts';

/** Markdown as it reads well in a chat that shows no markup: no asterisks, no pipes, no tags. */
export function toPlainText(markdown: string): string {
  return blocks(parseMarkdown(markdown))
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function blocks(parent: Parents): string {
  return parent.children
    .map(block)
    .filter((text) => text !== '')
    .join('\n\n');
}

function block(node: Nodes): string {
  switch (node.type) {
    case 'heading':
      return bracketed(inlines(node));
    case 'paragraph':
      return inlines(node);
    case 'list':
      return list(node);
    case 'table':
      return table(node);
    case 'code':
      return node.value;
    case 'blockquote':
      return indent(blocks(node), '│ ');
    case 'thematicBreak':
      return '———';
    case 'footnoteDefinition':
      return `[${node.identifier}] ${blocks(node)}`;
    case 'html':
    case 'definition':
    case 'yaml':
      return '';
    default:
      return inline(node);
  }
}

function bracketed(text: string): string {
  return text === '' || text.startsWith('【') ? text : `【${text}】`;
}

function list(node: List): string {
  const start = node.start ?? 1;
  const items = node.children.map((item, index) => listItem(item, node.ordered ? `${start + index}. ` : '• '));
  return items.join(node.spread ? '\n\n' : '\n');
}

function listItem(item: ListItem, marker: string): string {
  const box = typeof item.checked === 'boolean' ? (item.checked ? '☑ ' : '☐ ') : marker;
  // A nested list stands right below its line, further paragraphs with the same indent.
  const text = item.children
    .map(block)
    .filter((part) => part !== '')
    .join('\n');
  return box + text.replaceAll('\n', '\n  ');
}

/** One line for each cell, `head: value`, and an empty line between rows: columns never line up in a chat. */
function table(node: Table): string {
  const [head = [], ...rows] = node.children.map((row) =>
    row.children.map((cell) => inlines(cell).replaceAll('\n', ' ')),
  );
  if (rows.length === 0) return head.filter((cell) => cell !== '').join(' / ');
  return rows
    .map((cells) =>
      cells
        .map((cell, index) => headed(head[index] ?? '', cell))
        .filter((line) => line !== '')
        .join('\n'),
    )
    .join('\n\n');
}

function headed(head: string, value: string): string {
  if (value === '' || head === '') return value;
  return /\p{Script=Han}[）)】]?$/u.test(head) ? `${head}：${value}` : `${head}: ${value}`;
}

function inlines(parent: Parents): string {
  return parent.children.map(inline).join('').trim();
}

function inline(node: Nodes): string {
  switch (node.type) {
    case 'text':
      // Stars that no rule could pair are still no text.
      return node.value.replaceAll('**', '');
    case 'link':
      return link(inlines(node), node.url);
    case 'image':
    case 'imageReference':
      return node.alt ?? '';
    case 'footnoteReference':
      return `[${node.identifier}]`;
    case 'html':
      return /^<br\s*\/?>$/i.test(node.value) ? '\n' : '';
    default:
      return 'children' in node ? node.children.map(inline).join('') : textOf(node);
  }
}

function link(text: string, url: string): string {
  const address = url.replace(/^mailto:/i, '');
  if (text === '' || text === url || text === address || `http://${text}` === url) return address;
  return /^(https?:|mailto:)/i.test(url) ? `${text} (${address})` : text;
}

function indent(text: string, prefix: string): string {
  return text === '' ? '' : prefix + text.replaceAll('\n', `\n${prefix}`);
}
