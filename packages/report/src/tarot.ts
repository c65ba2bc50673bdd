import { randomInt } from 'node:crypto';
import { z } from 'zod';
import type { Language } from './language.ts';

/** One card as drawn: kept with the order, so that a retry reads the same three cards. */
export const drawnCardSchema = z.object({
  position: z.enum(['past', 'present', 'guidance']),
  /** 0–21 major arcana, 22–77 the four suits from ace to king */
  card: z.int().min(0).max(77),
  reversed: z.boolean(),
});

export type DrawnCard = z.infer<typeof drawnCardSchema>;

type Words = Readonly<Record<Language, readonly string[]>>;

const MAJOR: Words = {
  'zh-CN':
    '愚者 魔术师 女祭司 女皇 皇帝 教皇 恋人 战车 力量 隐士 命运之轮 正义 倒吊人 死神 节制 恶魔 高塔 星星 月亮 太阳 审判 世界'.split(
      ' ',
    ),
  'zh-TW':
    '愚者 魔術師 女祭司 女皇 皇帝 教皇 戀人 戰車 力量 隱士 命運之輪 正義 倒吊人 死神 節制 惡魔 高塔 星星 月亮 太陽 審判 世界'.split(
      ' ',
    ),
  en: 'The Fool,The Magician,The High Priestess,The Empress,The Emperor,The Hierophant,The Lovers,The Chariot,Strength,The Hermit,Wheel of Fortune,Justice,The Hanged Man,Death,Temperance,The Devil,The Tower,The Star,The Moon,The Sun,Judgement,The World'.split(
    ',',
  ),
};

const SUITS: Words = {
  'zh-CN': ['权杖', '圣杯', '宝剑', '星币'],
  'zh-TW': ['權杖', '聖杯', '寶劍', '星幣'],
  en: ['Wands', 'Cups', 'Swords', 'Pentacles'],
};

const RANKS: Words = {
  'zh-CN': '首牌 二 三 四 五 六 七 八 九 十 侍从 骑士 王后 国王'.split(' '),
  'zh-TW': '首牌 二 三 四 五 六 七 八 九 十 侍從 騎士 王后 國王'.split(' '),
  en: 'Ace Two Three Four Five Six Seven Eight Nine Ten Page Knight Queen King'.split(' '),
};

const POSITIONS: Readonly<Record<Language, Readonly<Record<DrawnCard['position'], string>>>> = {
  'zh-CN': { past: '过去', present: '现在', guidance: '指引' },
  'zh-TW': { past: '過去', present: '現在', guidance: '指引' },
  en: { past: 'past', present: 'present', guidance: 'guidance' },
};

const ORIENTATION: Words = { 'zh-CN': ['正位', '逆位'], 'zh-TW': ['正位', '逆位'], en: ['upright', 'reversed'] };

/** Three different cards out of 78, each upright or reversed. Chance is ours and true; the model only reads what was drawn. */
export function drawCards(random: (below: number) => number = (below) => randomInt(below)): DrawnCard[] {
  const deck = Array.from({ length: 78 }, (_, index) => index);
  return drawnCardSchema.shape.position.options.map((position) => {
    const [card = 0] = deck.splice(random(deck.length), 1);
    return { position, card, reversed: random(2) === 1 };
  });
}

export function cardName(card: number, language: Language): string {
  if (card < 22) return MAJOR[language][card] ?? '';
  const suit = SUITS[language][Math.floor((card - 22) / 14)] ?? '';
  const rank = RANKS[language][(card - 22) % 14] ?? '';
  return language === 'en' ? `${rank} of ${suit}` : suit + rank;
}

/** The cards in words, as the prompt carries them. */
export function describeCards(cards: readonly DrawnCard[], language: Language) {
  return cards.map(({ position, card, reversed }) => ({
    position: POSITIONS[language][position],
    card: cardName(card, language),
    orientation: ORIENTATION[language][reversed ? 1 : 0] ?? '',
  }));
}
