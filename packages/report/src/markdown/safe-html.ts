import type { Element, ElementContent, Nodes } from 'hast';
import { toHtml } from 'hast-util-to-html';
import { toHast } from 'mdast-util-to-hast';
import { parseMarkdown } from './parse.ts';

/**
 * Markdown as HTML for a page of ours. Raw HTML in it is dropped, links go only to http, https and mailto, pictures become
 * their description: a model's text may hold whatever a customer talked it into.
 */
export function toSafeHtml(markdown: string): string {
  return toHtml(safe(toHast(parseMarkdown(markdown))));
}

function safe<T extends Nodes>(node: T): T {
  if ('children' in node) {
    const children = (node.children as ElementContent[]).flatMap(safeChild);
    return { ...node, children };
  }
  return node;
}

function safeChild(node: ElementContent): ElementContent[] {
  if (node.type === 'raw' || node.type === 'comment') return [];
  if (node.type !== 'element') return [node];
  const element: Element = safe(node);
  if (element.tagName === 'img') return [{ type: 'text', value: String(element.properties.alt ?? '') }];
  if (element.tagName !== 'a') return [element];
  const href = String(element.properties.href ?? '');
  if (href.startsWith('#')) return [element];
  if (!/^(https?:\/\/|mailto:)/i.test(href)) return element.children;
  return [{ ...element, properties: { href, rel: ['nofollow', 'noopener', 'noreferrer'] } }];
}
