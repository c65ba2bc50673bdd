// Coordinates: GeoNames (https://www.geonames.org/), CC BY 4.0; see README.md beside this file.
import { z } from 'zod';
import chinaRows from './china.json' with { type: 'json' };
import traditionalPairs from './traditional.json' with { type: 'json' };
import worldRows from './world.json' with { type: 'json' };

/** A place of birth as the chart needs it. */
export interface Place {
  /** 成都市, 重庆市万州区, 新加坡, 104.07°E */
  name: string;
  /** degrees, east positive; a city's centre, so good to 1–2 minutes of solar time */
  longitude: number;
  /** IANA zone of the clock that people there use */
  tz: string;
  province?: string;
  /** true where the longitude is that of the prefecture's seat and not the county's own */
  approximate?: boolean;
}

export interface Entry {
  place: Place;
  short: string;
  /** other names, Latin ones in lower case without blanks */
  names: string[];
  counties: Place[];
}

/** Clocks in Xinjiang mostly show Beijing time too: one zone for all of the mainland, the longitude does the rest. */
const MAINLAND = 'Asia/Shanghai';

const chinaSchema = z.array(z.tuple([z.string(), z.string(), z.string(), z.number(), z.string(), z.string()]));
const worldSchema = z.array(z.tuple([z.string(), z.string(), z.number(), z.string()]));

/** `Xi'an`, `New York` → `xian`, `newyork`; Chinese text only loses its blanks. */
export function squeeze(text: string): string {
  return text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace(/[\s'’·.,，、\-/]/g, '');
}

function counties(list: string, province: string, city: string, seat: number): Place[] {
  return list
    .split(',')
    .filter(Boolean)
    .map((entry) => {
      const [name = '', own] = entry.split(':');
      const base = { name: city + name, tz: MAINLAND, province };
      return own === undefined ? { ...base, longitude: seat, approximate: true } : { ...base, longitude: Number(own) };
    });
}

const LATIN_ALIASES: Record<string, string[]> = {
  呼和浩特: ['hohhot'],
  鄂尔多斯: ['ordos'],
  呼伦贝尔: ['hulunbuir'],
  哈尔滨: ['harbin'],
  齐齐哈尔: ['qiqihar'],
  拉萨: ['lhasa'],
  乌鲁木齐: ['urumqi', 'wulumuqi'],
  喀什: ['kashgar', 'kaxgar'],
  克拉玛依: ['karamay'],
  吐鲁番: ['turpan'],
  和田: ['hotan', 'khotan'],
  吕梁: ['luliang', 'lyuliang'],
  广州: ['canton'],
  厦门: ['amoy'],
  北京: ['peking'],
};

const china: Entry[] = chinaSchema.parse(chinaRows).map(([province, name, short, longitude, pinyin, list]) => ({
  place: { name, longitude, tz: MAINLAND, province },
  short,
  names: [pinyin, ...(LATIN_ALIASES[short] ?? [])],
  counties: counties(list, province, name, longitude),
}));

const world: Entry[] = worldSchema.parse(worldRows).map(([name, tz, longitude, names]) => ({
  place: { name, longitude, tz },
  short: name,
  names: names.split(',').map(squeeze),
  counties: [],
}));

export const entries: readonly Entry[] = [...china, ...world];
export const provinces: ReadonlySet<string> = new Set(china.map((entry) => entry.place.province ?? ''));

const pairs = new Map(Object.entries(z.record(z.string(), z.string()).parse(traditionalPairs)));

/** Traditional → simplified for the characters that occur in place names. */
export function simplifyPlace(text: string): string {
  return [...text].map((char) => pairs.get(char) ?? char).join('');
}
