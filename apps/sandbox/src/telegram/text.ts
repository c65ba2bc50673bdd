import { badRequest } from './errors.ts';
import type { ApiEntity } from './types.ts';

const MAX_TEXT = 4_096;
const MAX_CAPTION = 1_024;

export interface RichText {
  readonly text: string;
  readonly entities: ApiEntity[];
}

/** @throws BotApiError for an empty or too long text, counted in UTF-16 units after the markup is gone */
export function checkText(rich: RichText, kind: 'message' | 'caption' = 'message'): RichText {
  const lead = rich.text.length - rich.text.trimStart().length;
  const text = rich.text.trim();
  if (kind === 'message' && text === '') throw badRequest('message text is empty');
  if (text.length > (kind === 'message' ? MAX_TEXT : MAX_CAPTION)) throw badRequest(`${kind} is too long`);
  const entities = rich.entities
    .map((entity) => ({ ...entity, offset: entity.offset - lead }))
    .filter(({ offset, length }) => offset >= 0 && length > 0 && offset < text.length)
    .map((entity) => ({ ...entity, length: Math.min(entity.length, text.length - entity.offset) }));
  // Telegram finds addresses and commands by itself, also beside markup that was given.
  const found = detectEntities(text).filter((one) => !entities.some((other) => overlap(one, other)));
  return { text, entities: [...entities, ...found].sort((a, b) => a.offset - b.offset || b.length - a.length) };
}

const DETECTED: readonly [type: string, pattern: RegExp][] = [
  ['url', /https?:\/\/[^\s<>"'，。；、！？（）【】《》]+/g],
  ['bot_command', /(?<![\w/])\/[a-zA-Z][\w]{0,31}(?:@\w+)?/g],
  ['mention', /(?<![\w@./])@[a-zA-Z]\w{4,31}/g],
];

/** What Telegram marks up by itself. A bot framework finds its commands by these. */
export function detectEntities(text: string): ApiEntity[] {
  const found: ApiEntity[] = [];
  for (const [type, pattern] of DETECTED) {
    for (const match of text.matchAll(pattern)) {
      const offset = match.index;
      const length = match[0].replace(/[.,;:!?)]+$/, '').length;
      if (!found.some((entity) => overlap(entity, { offset, length }))) found.push({ type, offset, length });
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}

interface Span {
  readonly offset: number;
  readonly length: number;
}

function overlap(a: Span, b: Span): boolean {
  return a.offset < b.offset + b.length && b.offset < a.offset + a.length;
}

const TAGS: Record<string, string> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  code: 'code',
  pre: 'pre',
  a: 'text_link',
  blockquote: 'blockquote',
  'tg-spoiler': 'spoiler',
};

interface OpenTag {
  name: string;
  offset: number;
  url?: string;
}

/** parse_mode HTML → text and entities. @throws BotApiError `can't parse entities` */
export function parseHtml(html: string): RichText {
  const open: OpenTag[] = [];
  const entities: ApiEntity[] = [];
  let text = '';
  for (const { 0: token, index } of html.matchAll(/<[^>]*>?|&[#\w]+;|[^<&]+|&/g)) {
    if (token.startsWith('</')) close(token.slice(2, -1).trim().toLowerCase(), index);
    else if (token.startsWith('<')) open.push(openTag(token, index, text.length));
    else text += token.startsWith('&') ? decode(token) : token;
  }
  const last = open.at(-1);
  if (last) throw cannotParse(`Can't find end tag corresponding to start tag "${last.name}"`);
  return { text, entities: entities.sort((a, b) => a.offset - b.offset || b.length - a.length) };

  function close(name: string, index: number): void {
    const tag = open.pop();
    if (!tag) throw cannotParse(`Unexpected end tag at byte offset ${index}`);
    if (name !== '' && name !== tag.name) {
      throw cannotParse(`Unmatched end tag at byte offset ${index}, expected "</${tag.name}>", found "</${name}>"`);
    }
    const type = TAGS[tag.name];
    if (!type || text.length === tag.offset) return;
    entities.push({ type, offset: tag.offset, length: text.length - tag.offset, ...(tag.url && { url: tag.url }) });
  }
}

function openTag(token: string, index: number, offset: number): OpenTag {
  const match = /^<([a-z-]+)((?:\s[^>]*)?)>$/i.exec(token);
  const name = match?.[1]?.toLowerCase() ?? '';
  const attributes = match?.[2] ?? '';
  if (name === 'span' && /class=["']?tg-spoiler/.test(attributes)) return { name: 'span', offset };
  if (!Object.hasOwn(TAGS, name)) {
    throw cannotParse(`Unsupported start tag "${name || token.slice(1, 20)}" at byte offset ${index}`);
  }
  const href = /href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/i.exec(attributes);
  const url = decodeAll(href?.[1] ?? href?.[2] ?? href?.[3] ?? '');
  return { name, offset, ...(url && { url }) };
}

const NAMED: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"' };

function decode(entity: string): string {
  const code = /^&#(?:x([0-9a-f]+)|(\d+));$/i.exec(entity);
  if (!code) return NAMED[entity] ?? entity;
  const point = code[1] ? Number.parseInt(code[1], 16) : Number(code[2]);
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : entity;
}

function decodeAll(text: string): string {
  return text.replace(/&[#\w]+;/g, decode);
}

function cannotParse(why: string) {
  return badRequest(`can't parse entities: ${why}`);
}
