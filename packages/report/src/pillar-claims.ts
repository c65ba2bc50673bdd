import type { Nodes, Table } from 'mdast';
import { parseMarkdown, textOf } from './markdown/parse.ts';

export type PillarName = 'year' | 'month' | 'day' | 'hour';

export interface PillarClaim {
  name: PillarName;
  pair: string;
}

const PAIR = '[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]';
const NAMES: readonly PillarName[] = ['year', 'month', 'day', 'hour'];
const BY_CHAR: Readonly<Record<string, PillarName>> = { 年: 'year', 月: 'month', 日: 'day', 时: 'hour', 時: 'hour' };

const STEMS = ['jia', 'yi', 'bing', 'ding', 'wu', 'ji', 'geng', 'xin', 'ren', 'gui'];
const BRANCHES = ['zi', 'chou', 'yin', 'mao', 'chen', 'si', 'wu', 'wei', 'shen', 'you', 'xu', 'hai'];
const PINYIN = `(${STEMS.join('|')})[ -]?(${BRANCHES.join('|')})\\b`;

const SPACE = '[\\s*_`「『【（(《“"\']{0,6}';
/** Only plain equations count. "年柱逢…", "日柱与…相冲" talk about another pillar. */
const EQUALS = `${SPACE}(?:是|为|為|即|就是|乃|[:：=→—–|-]{1,4})?${SPACE}`;
/** 年柱甲子年… or 月柱甲子大运 would be about a year or a decade. */
const NOT_A_PERIOD = '(?!\\s*(?:大运|大運|流年|流月|小运|小運|运|運|年|月))';
/** Words before a label that make it the pillar of a year or month to come, not of the birth. */
const OF_A_PERIOD =
  /(流年|流月|流日|今年|明年|去年|后年|後年|当年|當年|本月|当月|當月|该月|該月|\d\s*月|大运|大運|小运|小運|\d{4}\s*年)的?\s*$/;

const OF_A_PERIOD_EN = /(annual|flow|flowing|current|coming|transiting|luck|'s|\d{4})\W*$/i;

/** 年柱：庚午 · 年柱、月柱为庚午、辛巳 · 四柱：庚午 辛巳 庚辰 癸未 */
const LABELS = new RegExp(
  `((?:[年月日时時]柱(?:[、，,/和与與及\\s]*(?=[年月日时時]柱))?){1,4})(?:分别|分別|都|均)?${EQUALS}(${PAIR}(?:[、，,/和与與及\\s]*${PAIR})*)${NOT_A_PERIOD}`,
  'g',
);
const ALL_FOUR = new RegExp(`(?:四柱|八字)(?:干支)?${EQUALS}(${PAIR}(?:[、，,/|·\\s]*${PAIR}){2,3})`, 'g');
const BORN_ON = new RegExp(
  `(${PAIR})年[、，,\\s]*(${PAIR})月[、，,\\s]*(${PAIR})日(?:[、，,\\s]*(${PAIR})[时時])?`,
  'g',
);
const ENGLISH = new RegExp(
  `\\b(year|month|day|hour) pillar\\b(?:\\s*(?:is|was|:|：|=|\\||—|–|-|,))?[\\s*_"'“(（]*(?:${PINYIN}|(${PAIR}))`,
  'gi',
);

/** Most sections claim nothing, and parsing is the slow part. */
const ANY_CLAIM = /[年月日时時]\**柱|四\**柱|八\**字|年[^日\n]*月[^日\n]*日|pillar/i;

/** Everything in a Markdown text that says "this is one of your four pillars", in Chinese or English, prose or table. */
export function claimedPillars(markdown: string): PillarClaim[] {
  if (!ANY_CLAIM.test(markdown)) return [];
  return claimsOf(parseMarkdown(markdown));
}

function claimsOf(node: Nodes): PillarClaim[] {
  if (node.type === 'table') return tableClaims(node);
  if (node.type === 'paragraph' || node.type === 'heading' || node.type === 'code') return proseClaims(textOf(node));
  return 'children' in node ? node.children.flatMap(claimsOf) : [];
}

function proseClaims(text: string): PillarClaim[] {
  return [...labelled(text), ...inOrder(text, ALL_FOUR), ...inOrder(text, BORN_ON), ...english(text)];
}

function labelled(text: string): PillarClaim[] {
  return [...text.matchAll(LABELS)].flatMap((match) => {
    if (OF_A_PERIOD.test(text.slice(Math.max(0, match.index - 10), match.index))) return [];
    const names = [...(match[1] ?? '').matchAll(/[年月日时時](?=柱)/g)].flatMap(([char]) => BY_CHAR[char] ?? []);
    const pairs = pairsIn(match[2] ?? '');
    if (names.length === pairs.length) return names.flatMap((name, index) => claim(name, pairs[index]));
    // "年柱、月柱都是甲子"; any other count cannot be told apart, and a doubt is no claim
    return pairs.length === 1
      ? names.flatMap((name) => claim(name, pairs[0]))
      : claim(names.length === 1 ? names[0] : undefined, pairs[0]);
  });
}

function inOrder(text: string, pattern: RegExp): PillarClaim[] {
  return [...text.matchAll(pattern)].flatMap((match) =>
    pairsIn(match[0]).flatMap((pair, index) => claim(NAMES[index], pair)),
  );
}

function english(text: string): PillarClaim[] {
  const plain = text
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .normalize('NFC');
  return [...plain.matchAll(ENGLISH)].flatMap((match) => {
    const [, label, stem, branch, pair] = match;
    if (OF_A_PERIOD_EN.test(plain.slice(Math.max(0, match.index - 14), match.index))) return [];
    const name = NAMES.find((each) => each === label?.toLowerCase());
    return claim(name, pair ?? fromPinyin(stem, branch));
  });
}

function fromPinyin(stem = '', branch = ''): string {
  const at = [STEMS.indexOf(stem.toLowerCase()), BRANCHES.indexOf(branch.toLowerCase())] as const;
  return `${'甲乙丙丁戊己庚辛壬癸'[at[0]] ?? ''}${'子丑寅卯辰巳午未申酉戌亥'[at[1]] ?? ''}`;
}

/** A table with 年柱, 月柱 … as its head (pairs below) or as its first column (pairs beside). */
function tableClaims(table: Table): PillarClaim[] {
  const [head = [], ...rows] = table.children.map((row) => row.children.map((cell) => textOf(cell).trim()));
  const columns = head.map(labelOf);
  return rows.flatMap((cells) => {
    const row = labelOf(cells[0] ?? '');
    const beside = row ? claim(row, onlyPair(cells[1] ?? '')) : [];
    return [...beside, ...cells.flatMap((cell, index) => claim(columns[index], onlyPair(cell)))];
  });
}

function labelOf(cell: string): PillarName | undefined {
  const label = /^([年月日时時])柱$/.exec(cell)?.[1];
  const word = /^(year|month|day|hour) pillar$/i.exec(cell)?.[1]?.toLowerCase();
  return label ? BY_CHAR[label] : NAMES.find((name) => name === word);
}

function onlyPair(cell: string): string | undefined {
  return new RegExp(`^${PAIR}$`).exec(cell)?.[0];
}

function pairsIn(text: string): string[] {
  return text.match(new RegExp(PAIR, 'g')) ?? [];
}

function claim(name: PillarName | undefined, pair: string | undefined): PillarClaim[] {
  return name && pair && pair.length === 2 ? [{ name, pair }] : [];
}
