import { describe, expect, test } from '@jest/globals';
import english from '../../locales/en/page.json' with { type: 'json' };
import simplified from '../../locales/zh-CN/page.json' with { type: 'json' };
import traditional from '../../locales/zh-TW/page.json' with { type: 'json' };
import { looks } from '../../src/http/pages/order-state.ts';

function flat(texts: object, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[path + key, value]] : flat(value, `${path}${key}.`),
  );
}

const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

describe('the texts of the pages', () => {
  test.each([
    ['zh-TW', traditional],
    ['en', english],
  ])('say the same things in %s as in zh-CN, with the same values in them', (_language, texts) => {
    const expected = flat(simplified).map(([key, text]) => [key, holes(text)]);
    expect(flat(texts).map(([key, text]) => [key, holes(text)])).toEqual(expected);
  });

  test('have words for every state', () => {
    for (const state of Object.keys(looks)) expect(Object.keys(simplified.state)).toContain(state);
  });

  test('of zh-TW hold no simplified characters', () => {
    const all = flat(traditional)
      .map(([, text]) => text)
      .join('');
    expect(all).not.toMatch(/[单订编号页错误请链报数个这还费们时间]/);
  });
});
