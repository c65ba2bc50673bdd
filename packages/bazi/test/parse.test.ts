import { describe, expect, test } from '@jest/globals';
import { BirthError, hasLeapMonth, parseBirthLine, parseDate, parseGender, parseTime } from '../src/index.ts';

const now = new Date('2026-11-21T04:00:00Z');
const codeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error instanceof BirthError ? error.code : error;
  }
};

const solar = (date: string) => ({ calendar: 'solar', date, leap: false });
const lunar = (date: string, leap = false) => ({ calendar: 'lunar', date, leap });

describe('one line with everything', () => {
  const zhang = { name: '张三', gender: 'male', ...solar('1990-05-15'), time: '14:30', place: '北京', problems: [] };
  const li = { name: '李四', gender: 'female', ...lunar('1990-05-03', true), time: null, place: '上海', problems: [] };

  test.each([
    '张三 男 1990-05-15 14:30 北京',
    '张三，男，1990年5月15日下午2点半，北京',
    '张三 男 １９９０年５月１５日 １４：３０ 北京',
    '张三 男 19900515 1430 北京',
    '张三 北京 男 1990.5.15 14时30分',
    '北京 张三 男 1990/05/15 下午两点三十分',
    '姓名：张三 性别：男 出生日期：1990年5月15日 出生时间：14:30 出生地：北京',
    '我叫张三，男，生于1990年5月15日14点30分，北京',
    '张三男1990-05-15 14:30北京',
    '男 1990-05-15T14:30 北京 张三',
    '张三 男 一九九〇年五月十五日 十四点三十分 北京',
    '张三 男 民国79年5月15日 下午2:30 北京',
    '张三 男 1990 5 15 14 30 北京',
    '张三、男、公历1990-05-15、14:30、北京',
    '张三 乾造 90年5月15日 下午2点30 北京',
  ])('%s', (line) => {
    expect(parseBirthLine(line, now)).toEqual(zhang);
  });

  test.each([
    '李四 女 农历1990年闰五月初三 时辰不详 上海',
    '李四 女 阴历一九九〇年闰五月初三 不知道时间 上海',
    '李四，坤造，農曆1990年閏五月初三，時辰不詳，上海',
    '李四 女 1990年闰五月初三 时间忘了 上海',
    '李四 female lunar 1990-05-03 leap unknown 上海',
    '李四 女 农历1990-闰5-3 时辰未知 上海',
  ])('%s', (line) => {
    expect(parseBirthLine(line, now)).toEqual(li);
  });

  test.each([
    ['John male 1990-05-15 2:30pm Beijing', 'John', 'Beijing'],
    ['John Smith, male, May 15, 1990, 2:30 pm, New York', 'John Smith', 'New York'],
    ['John Doe m 15 May 1990 2.30PM Kuala Lumpur', 'John Doe', 'Kuala Lumpur'],
    ['name: John gender: male birthday: 1990-05-15 time: 14:30 place: London', 'John', 'London'],
    ['John, man, born on 15th May 1990 at 14:30 in Sydney', 'John', 'Sydney'],
  ])('%s', (line, name, place) => {
    expect(parseBirthLine(line, now)).toEqual({ ...zhang, name, place });
  });

  test.each([
    [
      '陳大文 男 農曆1990年五月初三 子時 香港',
      { ...lunar('1990-05-03'), time: '00:00', timeNote: 'double_hour', place: '香港', name: '陳大文' },
    ],
    [
      '1990年腊月廿三 亥时 女 西安 赵六',
      { ...lunar('1990-12-23'), time: '22:00', gender: 'female', place: '西安', name: '赵六' },
    ],
    ['李胜男 女 1990-05-15 14:30 上海', { name: '李胜男', gender: 'female' }],
    ['王五 男 1990-05-15 8:05 104.07E', { place: '104.07E', name: '王五', time: '08:05' }],
    ['王五 男 1990-05-15 8:05 四川省成都市武侯区', { place: '四川省成都市武侯区' }],
    ['民國79年5月15日 早上8點 女 高雄 林美麗', { place: '高雄', name: '林美麗', time: '08:00' }],
  ])('%s', (line, expected) => {
    expect(parseBirthLine(line, now)).toMatchObject({ ...expected, problems: [] });
  });

  test.each([
    ['北京', { place: '北京', problems: [] }],
    ['张三', { name: '张三', problems: [] }],
    ['男', { gender: 'male', problems: [] }],
    ['1990-05-15', { ...solar('1990-05-15'), problems: [] }],
    ['', { problems: [] }],
  ])('part of it: %s', (line, expected) => {
    expect(parseBirthLine(line, now)).toEqual(expected);
  });

  test.each([
    ['张三 男 1990-02-31 14:30 北京', 'no_such_date', 'date'],
    ['张三 男 农历1990年闰四月初三 14:30 北京', 'no_such_leap_month', 'leap'],
    ['张三 男 03/04/1990 14:30 北京', 'ambiguous_date', 'date'],
    ['张三 男 1990-05-15 晚上12点 北京', 'ambiguous_midnight', 'time'],
    ['张三 男 1990-05-15 25:00 北京', 'no_such_time', 'time'],
  ])('%s: told what is wrong, the rest is kept', (line, code, field) => {
    const read = parseBirthLine(line, now);
    expect(read).toMatchObject({ name: '张三', gender: 'male', place: '北京' });
    expect(read.problems).toEqual([expect.objectContaining({ code, field })]);
  });
});

describe('a word for the calendar anywhere in the line', () => {
  test.each([
    [
      'Mary female lunar leap 1990-05-03 unknown Shanghai',
      { name: 'Mary', gender: 'female', ...lunar('1990-05-03', true), time: null, place: 'Shanghai' },
    ],
    [
      '李四 女 农历 闰 1990-05-03 10点 上海',
      { name: '李四', gender: 'female', ...lunar('1990-05-03', true), time: '10:00', place: '上海' },
    ],
    ['lunar calendar 1990-05-03', lunar('1990-05-03')],
    ['Chinese calendar 1990-05-03', lunar('1990-05-03')],
    ['农历闰 1990-05-03 上海', { ...lunar('1990-05-03', true), place: '上海' }],
    ['農曆閏 1990-05-03 上海', { ...lunar('1990-05-03', true), place: '上海' }],
    [
      'lunar, 1990-05-03, Mary, female, Shanghai',
      { name: 'Mary', gender: 'female', ...lunar('1990-05-03'), place: 'Shanghai' },
    ],
    ['leap lunar 1990-05-03', lunar('1990-05-03', true)],
    ['1990-05-03 Mary female 陰曆', { name: 'Mary', gender: 'female', ...lunar('1990-05-03') }],
    ['旧历 张三 男 1990-05-03', { name: '张三', gender: 'male', ...lunar('1990-05-03') }],
    ['张三 男 农历 闰五月 1990-05-03', { name: '张三', gender: 'male', ...lunar('1990-05-03', true) }],
    ['闰土 男 1990-05-03', { name: '闰土', gender: 'male', ...solar('1990-05-03') }],
    ['John male 1992-02-29 leap year', { name: 'John', gender: 'male', ...solar('1992-02-29') }],
    ['western, 1990-05-15, John, male', { name: 'John', gender: 'male', ...solar('1990-05-15') }],
    ['western calendar John male 1990-05-15', { name: 'John', gender: 'male', ...solar('1990-05-15') }],
    ['lunar', {}],
  ])('%s', (line, expected) => {
    expect(parseBirthLine(line, now)).toEqual({ ...expected, problems: [] });
  });

  test.each([
    ['lunar leap 1990-04-03 Mary female', 'no_such_leap_month'],
    ['Mary female lunar, 1990-05-31', 'no_such_date'],
    ['lunar 03/04/1990', 'ambiguous_date'],
  ])('%s: %s', (line, code) => {
    const read = parseBirthLine(line, now);
    expect(read.problems).toEqual([expect.objectContaining({ code })]);
    expect(`${read.name ?? ''} ${read.rest ?? ''}`).not.toMatch(/lunar|leap/i);
  });

  test('a date by itself knows them too', () => {
    expect(parseDate('chinese calendar 1990-05-03', now)).toEqual(lunar('1990-05-03'));
    expect(parseDate('leap lunar 1990-05-03', now)).toEqual(lunar('1990-05-03', true));
  });
});

test.each(['05/06/1990', 'REPORT_20261121_BM0CWSD9', 'abc123 男'])('a word with digits is no name: %s', (line) => {
  expect(parseBirthLine(line, now).name).toBeUndefined();
});

test.each([
  ['John male 1990-05-15 14.30 Beijing', '14:30'],
  ['John male 1990-05-15 14h30 Beijing', '14:30'],
  ['John male 15.05.1990 8.05 Beijing', '08:05'],
  ['张三 男 1990-05-15 下午2.30 北京', '14:30'],
  ['王五 男 1990-05-15 104.07E', undefined],
  ['王五 男 1990-05-15 22.54, 114.06', undefined],
])('%s: born at %s', (line, time) => {
  expect(parseBirthLine(line, now)).toMatchObject({ problems: [], ...(time === undefined ? {} : { time }) });
  expect(parseBirthLine(line, now).time).toBe(time);
});

describe('a date by itself', () => {
  test.each([
    ['1990-05-15', solar('1990-05-15')],
    ['1990/5/15', solar('1990-05-15')],
    ['1990.5.15', solar('1990-05-15')],
    ['19900515', solar('1990-05-15')],
    ['1990年5月15日', solar('1990-05-15')],
    ['1990年05月15号', solar('1990-05-15')],
    ['一九九〇年五月十五日', solar('1990-05-15')],
    ['二零零零年十二月三十一日', solar('2000-12-31')],
    ['民國79年5月15日', solar('1990-05-15')],
    ['90年5月15日', solar('1990-05-15')],
    ['05年5月15日', solar('2005-05-15')],
    ['May 15, 1990', solar('1990-05-15')],
    ['15 May 1990', solar('1990-05-15')],
    ['15/05/1990', solar('1990-05-15')],
    ['05/15/1990', solar('1990-05-15')],
    ['公历 1990-05-15', solar('1990-05-15')],
    ['农历1990年四月廿一', lunar('1990-04-21')],
    ['農曆一九九零年正月初一', lunar('1990-01-01')],
    ['阴历1990-04-21', lunar('1990-04-21')],
    ['1990年冬月三十', lunar('1990-11-30')],
    ['1990-05-03（农历）', lunar('1990-05-03')],
    ['1990年闰五月二十九', lunar('1990-05-29', true)],
    ['lunar 1990-05-03', lunar('1990-05-03')],
    ['western 1990-05-15', solar('1990-05-15')],
  ])('%s', (text, expected) => {
    expect(parseDate(text, now)).toEqual(expected);
  });

  test.each([
    ['1990-02-30', 'no_such_date'],
    ['1990-00-10', 'no_such_date'],
    ['2月31日', 'bad_format'],
    ['昨天', 'bad_format'],
    ['农历1990年闰六月初三', 'no_such_leap_month'],
    ['农历1990年闰五月三十', 'no_such_lunar_day'],
    ['03/04/1990', 'ambiguous_date'],
  ])('%s: %s', (text, code) => {
    expect(codeOf(() => parseDate(text, now))).toBe(code);
  });

  test('"闰?" is worth asking only where the month comes twice', () => {
    expect([hasLeapMonth(1990, 5), hasLeapMonth(1990, 4), hasLeapMonth(2020, 4)]).toEqual([true, false, true]);
  });
});

describe('a time by itself', () => {
  test.each([
    ['14:30', '14:30'],
    ['14：30', '14:30'],
    ['14.30', '14:30'],
    ['14h30', '14:30'],
    ['下午2点半', '14:30'],
    ['下午兩點半', '14:30'],
    ['2:30pm', '14:30'],
    ['2pm', '14:00'],
    ['12am', '00:00'],
    ['12pm', '12:00'],
    ['凌晨12点', '00:00'],
    ['中午12点', '12:00'],
    ['中午1点', '13:00'],
    ['早上8点', '08:00'],
    ['晚上11点', '23:00'],
    ['半夜2点', '02:00'],
    ['三点一刻', '03:15'],
    ['十二点四十五', '12:45'],
    ['7点零5分', '07:05'],
    ['0点', '00:00'],
    ['1430', '14:30'],
    ['14', '14:00'],
    ['noon', '12:00'],
  ])('%s is %s', (text, time) => {
    expect(parseTime(text)).toEqual({ time });
  });

  test.each([
    ['子时', '00:00'],
    ['早子时', '00:30'],
    ['夜子時', '23:30'],
    ['丑时', '02:00'],
    ['午时', '12:00'],
    ['亥', '22:00'],
    ['卯時辰', '06:00'],
  ])('%s names a double hour: its middle %s, with a note', (text, time) => {
    expect(parseTime(text)).toEqual({ time, note: 'double_hour' });
  });

  test.each([
    '时辰不详',
    '時辰不詳',
    '不知道',
    '不清楚',
    '忘了',
    '不记得具体时间',
    '未知',
    'unknown',
    "I don't know",
    'not sure',
    '?',
    'N/A',
  ])('%s: the hour is unknown', (text) => {
    expect(parseTime(text)).toEqual({ time: null });
  });

  test.each([
    ['25:00', 'no_such_time'],
    ['12:75', 'no_such_time'],
    ['晚上12点', 'ambiguous_midnight'],
    ['abc', 'bad_format'],
  ])('%s: %s', (text, code) => {
    expect(codeOf(() => parseTime(text))).toBe(code);
  });
});

describe('a gender by itself', () => {
  test.each([
    ['男', 'male'],
    ['我是男的', 'male'],
    ['Male', 'male'],
    ['M', 'male'],
    ['先生', 'male'],
    ['女', 'female'],
    ['女性', 'female'],
    ['坤造', 'female'],
    ['F', 'female'],
    ['♀', 'female'],
  ])('%s is %s', (text, gender) => {
    expect(parseGender(text)).toBe(gender);
  });

  test('anything else is asked again', () => {
    expect(codeOf(() => parseGender('也许'))).toBe('bad_format');
  });
});

test('a name may end in a digit, and no date, number or order number is a name', () => {
  const now = new Date('2026-11-21T00:00:00Z');
  expect(parseBirthLine('小李2 男 1990-05-15 14:30 北京', now)).toMatchObject({
    name: '小李2',
    gender: 'male',
    date: '1990-05-15',
  });
  expect(parseBirthLine('REPORT_20261121_BM0CWSD9', now).name).toBeUndefined();
  expect(parseBirthLine('05/06/1990', now).name).toBeUndefined();
});
