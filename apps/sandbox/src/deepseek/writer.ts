import type { Brief } from './brief.ts';
import type { Texts, Topic } from './texts.ts';
import { english } from './texts-en.ts';
import { chinese } from './texts-zh.ts';
import { toTraditional } from './traditional.ts';

const STEM_ELEMENTS: Record<string, string> = {
  甲: '木',
  乙: '木',
  丙: '火',
  丁: '火',
  戊: '土',
  己: '土',
  庚: '金',
  辛: '金',
  壬: '水',
  癸: '水',
};
const BRANCH_ELEMENTS: Record<string, string> = {
  子: '水',
  丑: '土',
  寅: '木',
  卯: '木',
  辰: '土',
  巳: '火',
  午: '火',
  未: '土',
  申: '金',
  酉: '金',
  戌: '土',
  亥: '水',
};
const SEASONS: readonly [branches: string, zh: string, en: string][] = [
  ['寅卯辰', '春天', 'spring'],
  ['巳午未', '夏天', 'summer'],
  ['申酉戌', '秋天', 'autumn'],
  ['亥子丑', '冬天', 'winter'],
];

type Slots = Readonly<Record<string, string>>;

/** A report section in Markdown, made of the chart or the cards in the prompt. The same prompt gives the same text. */
export function writeReport(brief: Brief): string {
  const voice = voiceOf(brief);
  if (brief.cards.length > 0) return cardReading(brief, voice);
  return brief.headings.length > 0 ? wholeReport(brief, voice) : oneSection(brief, voice);
}

interface Voice {
  readonly texts: Texts;
  /** a line of `texts`, in the right characters, with its slots filled */
  readonly say: (line: string, more?: Slots) => string;
}

function voiceOf(brief: Brief): Voice {
  const texts = brief.tongue === 'en' ? english : chinese;
  const slots = slotsOf(brief, texts);
  const form = brief.tongue === 'zh-TW' ? toTraditional : (text: string) => text;
  const say = (line: string, more: Slots = {}) =>
    form(line).replace(/\{(\w+)\}/g, (slot, name: string) => more[name] ?? slots[name] ?? slot);
  return { texts, say };
}

function slotsOf({ pillars, tongue }: Brief, texts: Texts): Slots {
  const english = tongue === 'en';
  const [year = '', month = '', day = ''] = pillars;
  const counts = Object.entries(countElements(pillars)).sort((a, b) => b[1] - a[1]);
  const named = (element = '土') => texts.elements[element] ?? element;
  const season = SEASONS.find(([branches]) => branches.includes(month[1] ?? '寅')) ?? SEASONS[0];
  const stem = day[0] ?? '';
  const element = named(STEM_ELEMENTS[stem]);
  const plain = english ? 'this' : '这个';
  return {
    year: year || plain,
    month: month || plain,
    day: day || plain,
    pillars: pillars.join(' '),
    dm: stem ? (english ? `${stem} (${element})` : stem + element) : english ? 'quiet' : '沉静的',
    strong: named(counts[0]?.[0]),
    weak: named(counts.at(-1)?.[0]),
    season: (english ? season?.[2] : season?.[1]) ?? '',
  };
}

function countElements(pillars: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = { 木: 0, 火: 0, 土: 0, 金: 0, 水: 0 };
  for (const char of pillars.join('')) {
    const element = STEM_ELEMENTS[char] ?? BRANCH_ELEMENTS[char];
    if (element) counts[element] = (counts[element] ?? 0) + 1;
  }
  return counts;
}

/** Every heading that the prompt names, each with what belongs to it; the first one shows the chart. */
function wholeReport(brief: Brief, voice: Voice): string {
  const used = new Set<string>();
  const parts = brief.headings.map((heading, index) => {
    const topic = topicOf(heading, voice, brief);
    const body = [
      ...(index === 0 ? chartBlocks(brief, voice) : []),
      ...take(brief, voice.texts.general, 1, used).map((line) => voice.say(line)),
      bullets(take(brief, topic.lines, 2, used).map((line) => voice.say(line))),
      ...(isAboutTime(topic) ? periodBlocks(brief, voice) : []),
      ...(index % 2 === 1 || index === brief.headings.length - 1 ? adviceBlocks(topic, voice) : []),
    ];
    return [`### ${heading}`, ...body];
  });
  return joinBlocks(parts.flat());
}

/** One chapter of a long report: the chart, three sub-headings, advice. */
function oneSection(brief: Brief, voice: Voice): string {
  const topic = topicOf(brief.task, voice, brief);
  const general = take(brief, voice.texts.general, voice.texts.general.length, new Set()).map((line) =>
    voice.say(line),
  );
  // A little of another topic, as people write who see connections.
  const others = voice.texts.topics.filter((other) => other !== topic);
  const neighbour = take(brief, others[brief.pick(others.length)]?.lines ?? [], 2, new Set()).map((line) =>
    voice.say(line),
  );
  const [first = '', second = '', third = '', fourth = ''] = take(brief, topic.lines, 4, new Set()).map((line) =>
    voice.say(line),
  );
  return joinBlocks([
    ...chartBlocks(brief, voice),
    general[0] ?? '',
    `### ${headline(first)}`,
    first,
    general[1] ?? '',
    `### ${headline(second)}`,
    second,
    general[2] ?? '',
    `### ${headline(third)}`,
    third,
    general[3] ?? '',
    fourth,
    general[4] ?? '',
    ...(isAboutTime(topic) ? periodBlocks(brief, voice) : []),
    ...adviceBlocks(topic, voice),
    bullets(neighbour),
    general[5] ?? '',
  ]);
}

function cardReading(brief: Brief, voice: Voice): string {
  const { texts, say } = voice;
  const lines = take(brief, texts.cardLines, brief.cards.length, new Set());
  return joinBlocks([
    ...brief.cards.flatMap((card, index) => [
      `### ${say(texts.cardTitle, { ...card })}`,
      say(lines[index] ?? '', { ...card }),
    ]),
    `### ${say(texts.cardsTogether)}`,
    say(texts.cardsStory),
    say(texts.cardsAction),
  ]);
}

function chartBlocks(brief: Brief, { texts, say }: Voice): string[] {
  if (brief.pillars.length < 3) return [];
  const rows = brief.pillars.map((pair, index) => {
    const elements = [STEM_ELEMENTS[pair[0] ?? ''], BRANCH_ELEMENTS[pair[1] ?? '']];
    return `| ${say(texts.pillarNames[index] ?? '')} | ${pair} | ${elements.map((element) => texts.elements[element ?? ''] ?? '').join(' | ')} |`;
  });
  const table = [`| ${texts.columns.map((column) => say(column)).join(' | ')} |`, '| --- | --- | --- | --- |', ...rows];
  return [table.join('\n'), say(texts.quote), ...(brief.pillars.length === 3 ? [say(texts.hourUnknown)] : [])];
}

function periodBlocks(brief: Brief, { texts, say }: Voice): string[] {
  const decades = /大运|大運|decade/i.test(brief.task) ? brief.decades : [];
  const periods = decades.length > 0 ? decades : brief.years.length > 0 ? brief.years : brief.decades.slice(0, 4);
  if (periods.length === 0) return [];
  const offset = brief.pick(texts.periodLines.length);
  const lines = periods.map(({ pillar, year }, index) => {
    const line = texts.periodLines[(index + offset) % texts.periodLines.length] ?? '';
    return `- ${say(line, { when: String(year), pillar })}`;
  });
  return [say(texts.periods), lines.join('\n')];
}

function adviceBlocks(topic: Topic, { texts, say }: Voice): string[] {
  return [say(texts.adviceLead), topic.advice.map((line, index) => `${index + 1}. ${say(line)}`).join('\n')];
}

function topicOf(heading: string, { texts }: Voice, brief: Brief): Topic {
  const found =
    texts.topics.find((topic) => topic.match.test(heading)) ?? texts.topics[brief.pick(texts.topics.length)];
  if (!found) throw new Error('the writer has no topics');
  return found;
}

function isAboutTime(topic: Topic): boolean {
  return topic.match.test('大运') || topic.match.test('decade');
}

/** The bold lead of a line is its headline. */
function headline(line: string): string {
  return /\*\*(.+?)\*\*/.exec(line)?.[1]?.replace(/[.:：。]$/, '') ?? line.slice(0, 12);
}

/** `count` lines in the prompt's own order, none twice while there are others. */
function take(brief: Brief, lines: readonly string[], count: number, used: Set<string>): string[] {
  const start = brief.pick(Math.max(1, lines.length));
  const turned = [...lines.slice(start), ...lines.slice(0, start)];
  const fresh = turned.filter((line) => !used.has(line));
  const taken = (fresh.length >= count ? fresh : turned).slice(0, count);
  for (const line of taken) used.add(line);
  return taken;
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n');
}

function joinBlocks(blocks: readonly string[]): string {
  return `${blocks.filter(Boolean).join('\n\n')}\n`;
}
