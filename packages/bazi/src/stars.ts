import { BRANCHES, STEMS } from './elements.ts';
import { type PerPillar, PILLARS, type Pillars, perPillar } from './pillars.ts';

/** By stem 甲…癸: the branches that hold the star. */
const BY_STEM: Record<string, string> = {
  天乙贵人: '丑未 子申 亥酉 亥酉 丑未 子申 丑未 寅午 卯巳 卯巳',
  文昌贵人: '巳 午 申 酉 申 酉 亥 子 寅 卯',
  太极贵人: '子午 子午 卯酉 卯酉 辰戌丑未 辰戌丑未 寅亥 寅亥 巳申 巳申',
  禄神: '寅 卯 巳 午 巳 午 申 酉 亥 子',
  羊刃: '卯 - 午 - 午 - 酉 - 子 -',
};

/** By the trine (三合) of a branch: 申子辰, 亥卯未, 寅午戌, 巳酉丑. */
const TRINES = ['申子辰', '亥卯未', '寅午戌', '巳酉丑'];
const BY_TRINE: Record<string, string> = {
  桃花: '酉子卯午',
  驿马: '寅巳申亥',
  华盖: '辰未戌丑',
  将星: '子卯午酉',
  劫煞: '巳申亥寅',
};

/** By the season group of the year branch: 亥子丑, 寅卯辰, 巳午未, 申酉戌. */
const SEASONS = ['亥子丑', '寅卯辰', '巳午未', '申酉戌'];
const BY_SEASON: Record<string, string> = { 孤辰: '寅巳申亥', 寡宿: '戌丑辰未' };

/** By month branch 子…亥: stem or branch that holds the star. */
const BY_MONTH: Record<string, string> = { 天德贵人: '巳庚丁申壬辛亥甲癸寅丙乙', 月德贵人: '壬庚丙甲壬庚丙甲壬庚丙甲' };

const KUI_GANG = new Set(['庚辰', '庚戌', '壬辰', '戊戌']);

function byStem(stems: string[], branch: string): string[] {
  return Object.entries(BY_STEM)
    .filter(([, row]) => stems.some((stem) => row.split(' ')[STEMS.indexOf(stem)]?.includes(branch)))
    .map(([star]) => star);
}

function byGroup(table: Record<string, string>, groups: string[], from: string, branch: string): string[] {
  const index = groups.findIndex((group) => group.includes(from));
  return Object.entries(table)
    .filter(([, row]) => row.charAt(index) === branch)
    .map(([star]) => star);
}

/**
 * 神煞 of each pillar, from day and year (stems for 贵人, branches for 桃花 驿马 …), month for 天德 月德, the year for 红鸾 天喜 孤辰 寡宿.
 * Tables after 《三命通会》; a trine star does not fall on the branch that it is counted from.
 */
export function starsOf(pillars: Pillars): PerPillar<string[]> {
  const year = pillars.year.charAt(1);
  const day = pillars.day.charAt(1);
  const hongLuan = BRANCHES.charAt((15 - BRANCHES.indexOf(year)) % 12);
  const tianXi = BRANCHES.charAt((21 - BRANCHES.indexOf(year)) % 12);
  return perPillar(pillars, (pillar, name) => {
    const stem = pillar.charAt(0);
    const branch = pillar.charAt(1);
    const found = [
      ...byStem([pillars.day.charAt(0)], branch),
      ...byStem([pillars.year.charAt(0)], branch).filter((star) => star.endsWith('贵人')),
      ...PILLARS.filter((from) => (from === 'year' || from === 'day') && from !== name).flatMap((from) =>
        byGroup(BY_TRINE, TRINES, from === 'year' ? year : day, branch),
      ),
      ...(name === 'year' ? [] : byGroup(BY_SEASON, SEASONS, year, branch)),
      ...Object.entries(BY_MONTH)
        .filter(([, row]) => [stem, branch].includes(row.charAt(BRANCHES.indexOf(pillars.month.charAt(1)))))
        .map(([star]) => star),
      ...(name !== 'year' && branch === hongLuan ? ['红鸾'] : []),
      ...(name !== 'year' && branch === tianXi ? ['天喜'] : []),
      ...(name === 'day' && KUI_GANG.has(pillar) ? ['魁罡'] : []),
    ];
    return [...new Set(found)];
  });
}
