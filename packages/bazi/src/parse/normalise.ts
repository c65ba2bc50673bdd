/** Traditional characters that occur in what people write about a birth; places have their own table. */
const TRADITIONAL: Record<string, string> = {
  農: '农',
  曆: '历',
  歷: '历',
  閏: '闰',
  陰: '阴',
  陽: '阳',
  時: '时',
  點: '点',
  鐘: '钟',
  鍾: '钟',
  兩: '两',
  號: '号',
  臘: '腊',
  舊: '旧',
  國: '国',
  詳: '详',
  記: '记',
  確: '确',
  間: '间',
  後: '后',
  淩: '凌',
  過: '过',
  別: '别',
  貳: '二',
  參: '三',
  萬: '万',
  劃: '划',
  個: '个',
  於: '于',
  諱: '讳',
  資: '资',
  請: '请',
  沒: '没',
};

/** Full-width forms, traditional keywords, odd dashes and spaces → one plain spelling of the same length where it matters. */
export function normalise(text: string): string {
  return [...text.normalize('NFKC')]
    .map((char) => TRADITIONAL[char] ?? char)
    .join('')
    .replace(/[‐‑‒–—―−－]/g, '-')
    .replace(/[\u200b-\u200d\ufeff]/g, '')
    .replace(/\s+/g, ' ')
    .trim();
}

const DIGITS = '〇一二三四五六七八九';
const OTHER_DIGITS: Record<string, string> = { 零: '0', '○': '0', 两: '2', 元: '1', 正: '1' };

function digitOf(char: string): string | undefined {
  if (/\d/.test(char)) return char;
  const index = DIGITS.indexOf(char);
  return index >= 0 ? String(index) : OTHER_DIGITS[char];
}

/** 12, 十二, 廿三, 二十三, 初三, 卅 → a number below 100; undefined for anything else. */
export function smallNumber(text: string): number | undefined {
  const plain = text.replace(/^初/, '').replace(/廿|念/, '二十').replace(/卅/, '三十');
  if (/^\d{1,2}$/.test(plain)) return Number(plain);
  const match = /^([一二两三四五六七八九])?(十)?([一二三四五六七八九〇零])?$/.exec(plain);
  if (!match || plain === '') return undefined;
  const [, tens, ten, ones] = match;
  const unit = ones ? Number(digitOf(ones)) : 0;
  if (ten) return (tens ? Number(digitOf(tens)) : 1) * 10 + unit;
  if (tens && ones) return undefined;
  return Number(digitOf(tens ?? ones ?? ''));
}

/** 1990, 一九九〇, 一九九零 → 1990. */
export function yearNumber(text: string): number | undefined {
  const digits = [...text].map(digitOf);
  return digits.includes(undefined) ? undefined : Number(digits.join(''));
}
