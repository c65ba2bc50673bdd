import type { Nodes, Root } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

/** GitHub's Markdown, with the bold of Chinese texts mended first. */
export function parseMarkdown(markdown: string): Root {
  try {
    const extensions = { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] };
    return pruned(fromMarkdown(mendBold(markdown), extensions));
  } catch (error) {
    // Thousands of nested lists overflow the parser's stack. Such a text is shown as it is.
    if (!(error instanceof RangeError)) throw error;
    return { type: 'root', children: [{ type: 'paragraph', children: [{ type: 'text', value: markdown }] }] };
  }
}

const DEEPEST = 60;

/** A line of a thousand `>` nests a thousand deep, too deep for whoever walks the tree. */
function pruned(root: Root): Root {
  let level: Nodes[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    const parents = level.filter((node) => 'children' in node);
    if (depth >= DEEPEST) for (const node of parents) node.children = [];
    level = parents.flatMap((node): Nodes[] => node.children);
  }
  return root;
}

/** The text of a node without any markup. */
export function textOf(node: Nodes): string {
  if (node.type === 'break') return '\n';
  if (node.type === 'html') return '';
  if ('value' in node) return node.value;
  return 'children' in node ? node.children.map(textOf).join('') : '';
}

const EDGE = '：:，,。.；;！!？?、“”‘’「」『』（）《》【】…—~～%\\s';
const BOLD = /\*\*([^*\n]+?)\*\*/g;
const INNER = new RegExp(`^([${EDGE}]*)(.*?)([${EDGE}]*)$`);

/**
 * `**日主：**庚金` is no bold by CommonMark: the closing stars stand between punctuation and a letter, as they never do in
 * English. Models write it in every second line, so the punctuation moves outside: `**日主**：庚金`. Code is left alone.
 */
function mendBold(markdown: string): string {
  let fence: string | undefined;
  const lines = markdown.split('\n').map((line) => {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1]?.slice(0, 3);
    if (mark && (fence === undefined || fence === mark)) fence = fence === undefined ? mark : undefined;
    return fence === undefined && !line.includes('`') ? line.replace(BOLD, moveEdges) : line;
  });
  return lines.join('\n');
}

function moveEdges(whole: string, inner: string): string {
  if (/[[\]`<>_\\]/.test(inner)) return whole;
  const [, before = '', core = '', after = ''] = INNER.exec(inner) ?? [];
  return core === '' ? whole : `${before}**${core}**${after}`;
}
