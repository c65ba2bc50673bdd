import { PILLARS, type PillarName, type Pillars } from './pillars.ts';

/** A relation between stems or branches of the chart, or of the chart with a year. Tables after 《三命通会》. */
export interface Relation {
  kind: string;
  /** 子丑 */
  characters: string;
  /** pillars involved, `year` first; `flow` is the year or decade looked at */
  between: (PillarName | 'flow')[];
  /** element that the combination leans to */
  element?: string;
}

const STEM_PAIRS: Record<string, { kind: string; element?: string }> = {
  甲己: { kind: '天干五合', element: '土' },
  乙庚: { kind: '天干五合', element: '金' },
  丙辛: { kind: '天干五合', element: '水' },
  丁壬: { kind: '天干五合', element: '木' },
  戊癸: { kind: '天干五合', element: '火' },
  甲庚: { kind: '天干相冲' },
  乙辛: { kind: '天干相冲' },
  丙壬: { kind: '天干相冲' },
  丁癸: { kind: '天干相冲' },
};

const BRANCH_PAIRS: [kind: string, pairs: string, elements?: string][] = [
  ['六合', '子丑 寅亥 卯戌 辰酉 巳申 午未', '土木火金水土'],
  ['六冲', '子午 丑未 寅申 卯酉 辰戌 巳亥'],
  ['六害', '子未 丑午 寅巳 卯辰 申亥 酉戌'],
  ['六破', '子酉 丑辰 寅亥 卯午 巳申 戌未'],
  ['相刑', '子卯 寅巳 巳申 寅申 丑戌 戌未 丑未'],
  ['自刑', '辰辰 午午 酉酉 亥亥'],
  ['半合', '申子 子辰 亥卯 卯未 寅午 午戌 巳酉 酉丑', '水水木木火火金金'],
];

const BRANCH_TRIPLES: [kind: string, triples: string, elements?: string][] = [
  ['三合', '申子辰 亥卯未 寅午戌 巳酉丑', '水木火金'],
  ['三会', '寅卯辰 巳午未 申酉戌 亥子丑', '木火金水'],
  ['三刑', '寅巳申 丑戌未'],
];

type Seat = { name: PillarName | 'flow'; stem: string; branch: string };

const same = (a: string, b: string): boolean => [...a].sort().join('') === [...b].sort().join('');

function ofStems(a: Seat, b: Seat): Relation[] {
  const key = Object.keys(STEM_PAIRS).find((pair) => same(pair, a.stem + b.stem));
  const rule = key === undefined ? undefined : STEM_PAIRS[key];
  return rule ? [{ ...rule, characters: a.stem + b.stem, between: [a.name, b.name] }] : [];
}

function ofBranches(a: Seat, b: Seat): Relation[] {
  return BRANCH_PAIRS.flatMap(([kind, pairs, elements]) => {
    const index = pairs.split(' ').findIndex((pair) => same(pair, a.branch + b.branch));
    if (index < 0) return [];
    const element = elements?.charAt(index);
    return [
      {
        kind,
        characters: a.branch + b.branch,
        between: [a.name, b.name],
        ...(element === undefined ? {} : { element }),
      },
    ];
  });
}

function ofThree(seats: readonly Seat[]): Relation[] {
  return BRANCH_TRIPLES.flatMap(([kind, triples, elements]) =>
    triples.split(' ').flatMap((triple, index) => {
      const involved = seats.filter((seat) => triple.includes(seat.branch));
      if (new Set(involved.map((seat) => seat.branch)).size < 3) return [];
      const element = elements?.charAt(index);
      const between = involved.map((seat) => seat.name);
      return [{ kind, characters: triple, between, ...(element === undefined ? {} : { element }) }];
    }),
  );
}

function seatsOf(pillars: Pillars): Seat[] {
  return PILLARS.flatMap((name) => {
    const pillar = pillars[name];
    return pillar === null ? [] : [{ name, stem: pillar.charAt(0), branch: pillar.charAt(1) }];
  });
}

/** 合冲刑害破, 三合 三会 三刑 within the chart. A full 三合 leaves out its own halves. */
export function relationsOf(pillars: Pillars): Relation[] {
  const seats = seatsOf(pillars);
  const pairs = seats.flatMap((a, i) => seats.slice(i + 1).map((b) => [a, b] as const));
  const triples = ofThree(seats);
  const whole = triples.filter((relation) => relation.kind === '三合').map((relation) => relation.characters);
  const halves = pairs
    .flatMap(([a, b]) => [...ofStems(a, b), ...ofBranches(a, b)])
    .filter(
      ({ kind, characters }) =>
        kind !== '半合' || !whole.some((triple) => [...characters].every((char) => triple.includes(char))),
    );
  return [...halves, ...triples];
}

/** What a year's or decade's pillar does to the chart. */
export function relationsWith(pillars: Pillars, flow: string): Relation[] {
  const guest: Seat = { name: 'flow', stem: flow.charAt(0), branch: flow.charAt(1) };
  const seats = seatsOf(pillars);
  const triples = ofThree([...seats, guest]).filter((relation) => {
    const others = seats.filter((seat) => relation.characters.includes(seat.branch)).map((seat) => seat.branch);
    return relation.between.includes('flow') && new Set(others).size === 2;
  });
  return [...seats.flatMap((seat) => [...ofStems(seat, guest), ...ofBranches(seat, guest)]), ...triples];
}
