import { createHash } from 'node:crypto';
import { z } from 'zod';

export type Tongue = 'zh-CN' | 'zh-TW' | 'en';

/** What the writer understood of a prompt. */
export interface Brief {
  readonly tongue: Tongue;
  /** year, month, day, hour; fewer where the hour is unknown; none where there is no chart */
  readonly pillars: readonly string[];
  readonly decades: readonly Period[];
  readonly years: readonly Period[];
  readonly cards: readonly { position: string; card: string; orientation: string }[];
  /** what the text is about: the section's title, or the product's */
  readonly task: string;
  /** headings that were asked for by name */
  readonly headings: readonly string[];
  /** whole numbers that depend on the prompt alone */
  readonly pick: (below: number) => number;
}

interface Period {
  readonly pillar: string;
  readonly year: number;
}

const PAIR = '[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]';
const pillar = z.string().regex(new RegExp(`^${PAIR}$`));
const period = z.looseObject({ pillar, year: z.number() });
const data = z.looseObject({
  pillars: z.looseObject({ year: pillar, month: pillar, day: pillar, hour: pillar.nullish() }).optional(),
  bazi: z.array(pillar).optional(),
  luck: z
    .looseObject({ decades: z.array(period) })
    .nullish()
    .catch(null),
  years: z.array(period).nullish().catch(null),
  cards: z.array(z.looseObject({ position: z.string(), card: z.string(), orientation: z.string() })).optional(),
});

/** Reads a prompt as a model would: the data in it, what is asked for, and in which language. */
export function readBrief(system: string, user: string): Brief {
  const found = jsonObjects(user)
    .flatMap(withInner)
    .map((value) => data.safeParse(value));
  const known = found.flatMap((result) => (result.success ? [result.data] : []));
  const first = <T>(pick: (entry: z.infer<typeof data>) => T | null | undefined) =>
    known.map(pick).find((value) => value);
  const four = first((entry) => entry.pillars);
  const words = user.replace(/```[\s\S]*?```/g, '').replace(/\{[\s\S]*?\}/g, '');
  return {
    tongue: tongueOf(words + system),
    pillars: four
      ? [four.year, four.month, four.day, ...(four.hour ? [four.hour] : [])]
      : (first((entry) => entry.bazi) ?? pairsIn(user)),
    decades: first((entry) => entry.luck)?.decades ?? [],
    years: first((entry) => entry.years) ?? [],
    cards: first((entry) => entry.cards) ?? [],
    task: taskOf(words),
    headings: headingsOf(words),
    pick: chooser(system + user),
  };
}

/** Every balanced {…} of the text that is JSON, outermost first. */
function jsonObjects(text: string): unknown[] {
  const objects: unknown[] = [];
  for (let at = text.indexOf('{'); at >= 0; at = text.indexOf('{', at + 1)) {
    const end = closingBrace(text, at);
    if (end < 0) break;
    try {
      objects.push(JSON.parse(text.slice(at, end + 1)));
      at = end;
    } catch {
      // Prose in braces.
    }
  }
  return objects;
}

function closingBrace(text: string, from: number): number {
  let depth = 0;
  for (const { 0: token, index } of text.slice(from).matchAll(/"(?:\\.|[^"\\])*"|[{}]/g)) {
    depth += token === '{' ? 1 : token === '}' ? -1 : 0;
    if (depth === 0) return from + index;
  }
  return -1;
}

/** The chart may lie a level or two down, such as under `chart`. */
function withInner(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).filter(
    (entry) => typeof entry === 'object' && entry !== null && !Array.isArray(entry),
  );
  return [value, ...inner.flatMap(withInner)];
}

/** No JSON at all: the first four pairs in the text are taken for the chart. */
function pairsIn(text: string): string[] {
  const pairs = text.match(new RegExp(PAIR, 'g')) ?? [];
  return pairs.length >= 3 ? pairs.slice(0, 4) : [];
}

const TRADITIONAL =
  /[個們來時說與為這學國後應關係運勢歲財業觀點書寫並將從對開見長間語請質體實會過還讓給無當經線習歷獨變]/g;
const SIMPLIFIED =
  /[个们来时说与为这学国后应关系运势岁财业观点书写并将从对开见长间语请质体实会过还让给无当经线习历独变]/g;

function tongueOf(words: string): Tongue {
  const chinese = words.match(/\p{Script=Han}/gu)?.length ?? 0;
  const english = words.match(/\b[a-z]{3,}\b/gi)?.length ?? 0;
  if (chinese < english) return 'en';
  return (words.match(TRADITIONAL)?.length ?? 0) > (words.match(SIMPLIFIED)?.length ?? 0) ? 'zh-TW' : 'zh-CN';
}

function taskOf(words: string): string {
  const line = /^#{1,3}\s*(?:任务|任務|Task)\s*[:：]\s*(.+)$/im.exec(words)?.[1] ?? '';
  return line.split(/[·•|]/).at(-1)?.trim() ?? '';
}

/** Names in a numbered list of parts, else Markdown headings that are no task. */
function headingsOf(words: string): string[] {
  const numbered = [...words.matchAll(/^\s*\d+[.、)]\s*\*\*(.{1,40}?)\*\*/gm)].map((match) => match[1] ?? '');
  if (numbered.length > 0) return numbered;
  return [...words.matchAll(/^#{2,4}\s+(.{1,40})$/gm)]
    .map((match) => match[1] ?? '')
    .filter((heading) => !/[:：]|规则|規則|rule|资料|資料|data/i.test(heading));
}

/** The same prompt always gets the same answer. */
function chooser(seed: string): (below: number) => number {
  let state = createHash('sha256').update(seed).digest();
  let at = 0;
  return (below) => {
    if (at + 4 > state.length) {
      state = createHash('sha256').update(state).digest();
      at = 0;
    }
    const number = state.readUInt32BE(at);
    at += 4;
    return number % below;
  };
}
