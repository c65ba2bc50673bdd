/** Five elements in the order of their begetting: each begets the next and controls the one after. */
export const ELEMENTS = ['木', '火', '土', '金', '水'] as const;
export type Element = (typeof ELEMENTS)[number];
export type PerElement<T> = Record<Element, T>;

export const STEMS = '甲乙丙丁戊己庚辛壬癸';
export const BRANCHES = '子丑寅卯辰巳午未申酉戌亥';

const BRANCH_ELEMENTS: Record<string, Element> = {
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

export function stemElement(stem: string): Element {
  return ELEMENTS[Math.floor(STEMS.indexOf(stem) / 2)] ?? '木';
}

export function branchElement(branch: string): Element {
  return BRANCH_ELEMENTS[branch] ?? '土';
}

export function isYang(stem: string): boolean {
  return STEMS.indexOf(stem) % 2 === 0;
}

/** The element `steps` further in the order of begetting; −1 begets it. */
export function elementFrom(element: Element, steps: number): Element {
  return ELEMENTS[(((ELEMENTS.indexOf(element) + steps) % 5) + 5) % 5] ?? element;
}

export function perElement<T>(make: (element: Element) => T): PerElement<T> {
  return { 木: make('木'), 火: make('火'), 土: make('土'), 金: make('金'), 水: make('水') };
}

/** 旺相休囚死 by the element of the month branch (earth rules the four last months of the seasons). */
export function seasonState(month: Element, element: Element): '旺' | '相' | '休' | '囚' | '死' {
  const distance = (ELEMENTS.indexOf(element) - ELEMENTS.indexOf(month) + 5) % 5;
  return (['旺', '相', '死', '囚', '休'] as const)[distance] ?? '旺';
}
