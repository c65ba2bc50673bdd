import { describe, expect, test } from '@jest/globals';
import { findPlace, suggestPlaces } from '../src/index.ts';
import { entries } from '../src/places/tables.ts';

describe('places', () => {
  test.each([
    ['成都', '成都市', 104.07],
    ['成都市', '成都市', 104.07],
    ['四川省成都市', '成都市', 104.07],
    ['四川 成都 武侯区', '成都市武侯区', 104.07],
    ['chengdu', '成都市', 104.07],
    ["Xi'an", '西安市', 108.93],
    ['廣東省廣州市', '广州市', 113.25],
    ['烏魯木齊', '乌鲁木齐市', 87.6005],
    ['Urumqi', '乌鲁木齐市', 87.6005],
    ['喀什', '喀什地区', 75.99],
    ['大兴安岭', '大兴安岭地区', 124.12],
    ['加格达奇', '大兴安岭地区加格达奇区', 124.12],
    ['重庆万州', '重庆市万州区', 108.41],
    ['北京市朝阳区', '北京市朝阳区', 116.4074],
    ['朝阳', '朝阳市', 120.46],
    ['延边', '延边朝鲜族自治州', 129.51],
    ['江苏昆山', '苏州市昆山市', 120.98],
    ['河南省济源市', '济源市', 112.6],
    ['石河子', '石河子市', 86.08],
    ['海南省三亚市', '三亚市', 109.51],
    ['厦门', '厦门市', 118.08],
    ['上海浦东', '上海市浦东新区', 121.47],
  ])('%s is %s at %d°E, on Beijing time', (text, name, longitude) => {
    expect(findPlace(text)).toMatchObject({ name, longitude, tz: 'Asia/Shanghai' });
  });

  test.each([
    ['香港', 'Asia/Hong_Kong'],
    ['澳門', 'Asia/Macau'],
    ['臺北市', 'Asia/Taipei'],
    ['台湾高雄', 'Asia/Taipei'],
    ['新加坡', 'Asia/Singapore'],
    ['马来西亚吉隆坡', 'Asia/Kuala_Lumpur'],
    ['New York', 'America/New_York'],
    ['紐約', 'America/New_York'],
    ['溫哥華', 'America/Vancouver'],
    ['São Paulo', 'America/Sao_Paulo'],
    ['Tokyo', 'Asia/Tokyo'],
  ])('%s keeps the clock of %s', (text, tz) => {
    expect(findPlace(text)?.tz).toBe(tz);
  });

  test.each([
    ['104.07E', 104.07],
    ['104.07', 104.07],
    ['东经104.07度', 104.07],
    ['東經104.07°', 104.07],
    ['116.4074 E', 116.4074],
  ])('%s is a place too', (text, longitude) => {
    expect(findPlace(text)).toMatchObject({ longitude, tz: 'Asia/Shanghai' });
  });

  test.each(['', '张三', '四川', '海南', '吉林省', '鼓楼区', '朝阳区', '-74', '74W', 'Atlantis', '999E'])(
    '%s is not known, too wide, or held by several',
    (text) => {
      expect(findPlace(text)).toBeUndefined();
    },
  );

  test('suggests what may be meant', () => {
    expect(suggestPlaces('朝阳区').map((place) => place.name)).toEqual(
      expect.arrayContaining(['北京市朝阳区', '长春市朝阳区']),
    );
    expect(suggestPlaces('四川')[0]?.name).toBe('成都市');
    expect(suggestPlaces('guang').map((place) => place.name)).toContain('广州市');
    expect(suggestPlaces('四川', 3)).toHaveLength(3);
    expect(suggestPlaces('zzzz')).toEqual([]);
  });

  test('every prefecture of China is there, inside China, and found by its own name', () => {
    const mainland = entries.filter((entry) => entry.place.province !== undefined);
    expect(mainland.length).toBeGreaterThan(360);
    for (const { place } of mainland) {
      expect(place.longitude).toBeGreaterThan(73.5);
      expect(place.longitude).toBeLessThan(135.1);
      expect(findPlace(place.name)?.name).toBe(place.name);
    }
  });

  test('every zone of the table is one that this runtime knows', () => {
    for (const { place } of entries) {
      expect(() => new Intl.DateTimeFormat('en', { timeZone: place.tz })).not.toThrow();
    }
  });
});
