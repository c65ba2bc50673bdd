import { type Entry, entries, type Place, provinces, simplifyPlace, squeeze } from './tables.ts';

const MUNICIPALITIES = new Set(['北京', '天津', '上海', '重庆']);
const SUFFIX = /(特别行政区|新区|自治州|自治县|地区|市|盟|县|区|旗|省)$/;
const PROVINCE_SUFFIX = /^(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市)/;
const COUNTRY =
  /^(中国|中华人民共和国|中国台湾|台湾省?|美国|加拿大|英国|日本|韩国|马来西亚|澳大利亚|澳洲|泰国|法国|德国|印尼|印度尼西亚|菲律宾|越南|新西兰)(?=.{2})/;

/** 104.07, 104.07E, 东经104.07度, 118.24W → signed degrees. Undefined where it is no longitude. */
export function parseLongitude(text: string): number | undefined {
  const match = /^(东经|西经|e|w)?\s*([+-]?\d{1,3}(?:\.\d+)?)\s*[°度]?\s*(e|w|东|西)?$/i.exec(
    text.normalize('NFKC').trim().replace('東', '东').replace('經', '经').replace('西經', '西经'),
  );
  if (!match) return undefined;
  const west = /西|w/i.test(`${match[1] ?? ''}${match[3] ?? ''}`);
  const degrees = Number(match[2]) * (west ? -1 : 1);
  return Math.abs(degrees) <= 180 ? degrees : undefined;
}

/** Only China's own longitudes tell the clock by themselves; elsewhere a city is needed. */
function placeOfLongitude(degrees: number): Place | undefined {
  if (degrees < 73 || degrees > 135.5) return undefined;
  return { name: `${degrees}°E`, longitude: degrees, tz: 'Asia/Shanghai' };
}

function normalise(text: string): string {
  const simple = squeeze(simplifyPlace(text.normalize('NFKC').trim()));
  return simple.replace(COUNTRY, '').replace(/(出生|人|city|province)$/, '');
}

/** 海南 means the province, not 海南州 in Qinghai. */
const isProvince = (key: string): boolean => provinces.has(key) && !MUNICIPALITIES.has(key) && key !== '吉林';

function isNamed(entry: Entry, key: string): boolean {
  return entry.place.name === key || entry.short === key || entry.names.includes(key);
}

const bare = (name: string): string => (name.length > 2 ? name.replace(SUFFIX, '') : name);

function countyNames(place: Place, entry: Entry): string[] {
  const own = place.name.slice(entry.place.name.length);
  return [own, bare(own)];
}

/** What an address may go on with behind the city; 林美丽 is no address. */
const ADDRESS = /[区县市镇乡街道路村旗屯州]/;

/** The text behind a city's name: 武侯区 of 成都市武侯区. Undefined where it is no part of an address. */
function countyIn(entry: Entry, rest: string): Place | undefined {
  if (!rest) return entry.place;
  const found = entry.counties.find((county) => countyNames(county, entry).some((name) => rest.startsWith(name)));
  return found ?? (ADDRESS.test(rest) ? entry.place : undefined);
}

function withoutProvince(key: string): { province?: string; rest: string } {
  for (const province of provinces) {
    if (!key.startsWith(province)) continue;
    const rest = key.slice(province.length).replace(PROVINCE_SUFFIX, '');
    return { province, rest };
  }
  return { rest: key };
}

function cityAtStart(key: string, among: readonly Entry[]): Place | undefined {
  const best = among
    .flatMap((entry) => [entry.place.name, entry.short].map((name) => ({ entry, name })))
    .filter(({ name }) => name.length > 1 && key.startsWith(name))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (!best) return undefined;
  const rest = key.slice(best.name.length).replace(/^(特别行政区|自治州|地区|市|盟)/, '');
  return countyIn(best.entry, rest);
}

function countiesNamed(key: string, among: readonly Entry[]): Place[] {
  return among.flatMap((entry) => entry.counties.filter((county) => countyNames(county, entry).includes(key)));
}

/**
 * Finds a place by Chinese name (simplified or traditional, 省市区 forms), pinyin, English name, or longitude.
 * Undefined for what is unknown, too wide (a whole province) or held by several (朝阳区): ask with `suggestPlaces`.
 */
export function findPlace(text: string): Place | undefined {
  const degrees = parseLongitude(text);
  if (degrees !== undefined) return placeOfLongitude(degrees);
  const key = normalise(text);
  if (key.length < 2 || key.length > 40 || isProvince(key)) return undefined;
  const exact = entries.find((entry) => isNamed(entry, key));
  if (exact) return exact.place;
  const { province, rest } = withoutProvince(key);
  if (province !== undefined) {
    const within = entries.filter((entry) => entry.place.province === province);
    const municipality = MUNICIPALITIES.has(province) ? within[0] : undefined;
    if (!rest) return municipality?.place;
    const counties = countiesNamed(rest, within);
    const found = cityAtStart(rest, within) ?? counties[0];
    if (found) return found;
    return municipality ? countyIn(municipality, rest) : undefined;
  }
  const counties = countiesNamed(key, entries);
  if (counties.length > 0) return counties.length === 1 ? counties[0] : undefined;
  return cityAtStart(key, entries);
}

/** Places that may be meant, best first, for buttons. @param limit at most that many */
export function suggestPlaces(text: string, limit = 6): Place[] {
  const key = normalise(text);
  if (!key) return [];
  const exact = findPlace(text);
  const { province } = withoutProvince(key);
  const ofProvince = province ? entries.filter((entry) => entry.place.province === province) : [];
  const similar = entries.filter(
    (entry) =>
      entry.place.name.startsWith(key) ||
      entry.short.includes(bare(key)) ||
      entry.names.some((name) => key.length > 1 && name.startsWith(key)),
  );
  const found = [
    ...(exact ? [exact] : []),
    ...countiesNamed(key, entries),
    ...similar.map((entry) => entry.place),
    ...ofProvince.map((entry) => entry.place),
  ];
  return [...new Map(found.map((place) => [place.name, place])).values()].slice(0, limit);
}
