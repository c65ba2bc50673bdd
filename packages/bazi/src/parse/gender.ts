import { BirthError } from '../birth-error.ts';
import { normalise } from './normalise.ts';

const MALE = new Set('男 男的 男性 男生 男孩 男士 男命 乾 乾造 先生 m male man boy mr mr. ♂'.split(' '));
const FEMALE = new Set(
  '女 女的 女性 女生 女孩 女士 女命 坤 坤造 小姐 f female woman girl mrs ms miss mrs. ms. ♀'.split(' '),
);

/** The gender that a single word names, if it does. */
export function genderOfWord(word: string): 'male' | 'female' | undefined {
  const key = word.toLowerCase().replace(/\ufe0f/g, '');
  if (MALE.has(key)) return 'male';
  return FEMALE.has(key) ? 'female' : undefined;
}

/** @throws BirthError `bad_format` */
export function parseGender(text: string): 'male' | 'female' {
  const plain = normalise(text)
    .replace(/^(我是|性别|是|i am|i'm)[:\s]*(an? )?/i, '')
    .replace(/[。.!!]$/, '');
  const gender = genderOfWord(plain) ?? genderOfWord(`${plain}.`);
  if (!gender) throw new BirthError('bad_format', 'neither male nor female was found in the text', 'gender');
  return gender;
}
