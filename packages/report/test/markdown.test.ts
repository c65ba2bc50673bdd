import { describe, expect, test } from '@jest/globals';
import {
  assembleReport,
  entertainmentNotice,
  reportTitle,
  sectionTitle,
  toPlainText,
  toSafeHtml,
} from '../src/index.ts';

describe('plain text for a chat', () => {
  test.each([
    ['a heading stands in brackets', '## 性格\n正文', '【性格】\n\n正文'],
    ['a heading that has brackets keeps them', '# 【总论】', '【总论】'],
    ['bold and italics lose their stars', '你是**庚金**，*很*坚定，***真***的', '你是庚金，很坚定，真的'],
    [
      'bold that ends in Chinese punctuation',
      '**日主：**庚金。“**重点**”和**“强调”**的话',
      '日主：庚金。“重点”和“强调”的话',
    ],
    ['stars that nothing pairs', '这是**没有结束的', '这是没有结束的'],
    ['struck out text', '~~旧~~新', '旧新'],
    ['a list', '- 一\n- 二', '• 一\n• 二'],
    ['a numbered list that starts elsewhere', '3. 三\n4. 四', '3. 三\n4. 四'],
    ['a nested list', '- 一\n  - 甲\n    1. 子\n- 二', '• 一\n  • 甲\n    1. 子\n• 二'],
    ['a list with paragraphs', '1. 一\n\n   续\n\n2. 二', '1. 一\n  续\n\n2. 二'],
    ['a task list', '- [x] 做了\n- [ ] 没做', '☑ 做了\n☐ 没做'],
    [
      'a table',
      '| 柱 | 干支 |\n|---|---|\n| 年柱 | **庚午** |\n| 月柱 | 辛巳 |',
      '柱：年柱\n干支：庚午\n\n柱：月柱\n干支：辛巳',
    ],
    [
      'a table in English, with an empty head and an empty cell',
      '| | Pillar |\n|---|---|\n| Year | |\n| Day | 庚辰 |',
      'Year\n\nDay\nPillar: 庚辰',
    ],
    ['a table with escaped pipes and breaks', '| a |\n|---|\n| x \\| y<br>z |', 'a: x | y z'],
    ['a link', '看[这里](https://a.example/x)', '看这里 (https://a.example/x)'],
    ['a bare address', '见 https://a.example/x 吧', '见 https://a.example/x 吧'],
    ['a mail address', '[写信](mailto:a@b.example) <c@d.example>', '写信 (a@b.example) c@d.example'],
    ['a link that leads nowhere good', '[点](javascript:alert)', '点'],
    ['a picture', '![命盘](https://a.example/p.png)', '命盘'],
    ['code', '用`年柱`：\n\n```\na  b\n*c*\n```', '用年柱：\n\na  b\n*c*'],
    ['a quote', '> 一\n>\n> 二', '│ 一\n│\n│ 二'],
    ['a line across', '一\n\n---\n\n二', '一\n\n———\n\n二'],
    ['HTML', '一<b>二</b>三<br>四\n\n<div>五</div>\n\n<!-- 六 -->\n\n七', '一二三\n四\n\n七'],
    ['entities and escapes', '&amp; &lt; \\* 1\\.', '& < * 1.'],
    ['a hard break', '一  \n二\\\n三', '一\n二\n三'],
    ['a footnote', '一[^1]\n\n[^1]: 注', '一[1]\n\n[1] 注'],
    ['nothing', ' \n', ''],
  ])('%s', (_, markdown, text) => expect(toPlainText(markdown)).toBe(text));

  test('code keeps its stars while bold around it is mended', () => {
    expect(toPlainText('```\n**日主：**庚\n```\n\n**日主：**庚')).toBe('**日主：**庚\n\n日主：庚');
  });
});

test('nesting without end overflows nothing', () => {
  const markdown = `${'> '.repeat(2000)}a\n\n${'- '.repeat(1500)}b\n\n${'['.repeat(2000)}`;
  expect(() => toSafeHtml(markdown)).not.toThrow();
});

describe('HTML for our pages', () => {
  test('headings, bold, lists and tables come through', () => {
    const html = toSafeHtml('## 性格\n\n**日主：**庚\n\n- 一\n\n| a |\n|---|\n| b |');
    expect(html).toContain('<h2>性格</h2>');
    expect(html).toContain('<strong>日主</strong>：庚');
    expect(html).toContain('<li>一</li>');
    expect(html).toContain('<td>b</td>');
  });

  test.each([
    '<script>alert(1)</script>',
    'a <img src=x onerror=alert(1)> b',
    '<iframe src="https://evil.example"></iframe>',
    '[x](javascript:alert(1))',
    '[x](JaVaScript:alert(1))',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '[x](vbscript:x)',
    '<javascript:alert(1)>',
    '![x](https://evil.example/pixel.png)',
    '![x](x"onerror="alert(1))',
    '[x](https://a.example "t\\" onclick=\\"alert(1)")',
    '[x](//evil.example)',
    '[x]: javascript:alert(1)\n\n[x]',
  ])('nothing can run or load from %s', (markdown) => {
    const html = toSafeHtml(markdown);
    expect(html).not.toMatch(/<(script|iframe|img|object|style)|(href|src)="(?!https:\/\/a\.example)|<[^>]*\son\w+=/i);
  });

  test('web and mail links stay, and tell the other side nothing', () => {
    expect(toSafeHtml('[a](https://a.example/?x=1&y=2)')).toBe(
      '<p><a href="https://a.example/?x=1&#x26;y=2" rel="nofollow noopener noreferrer">a</a></p>',
    );
    expect(toSafeHtml('<a@b.example>')).toContain('href="mailto:a@b.example"');
  });

  test('text is escaped', () => {
    expect(toSafeHtml('1 < 2 & `<b>`')).toBe('<p>1 &#x3C; 2 &#x26; <code>&#x3C;b></code></p>');
  });
});

describe('the whole report', () => {
  test('is title, notes, sections and notice', () => {
    const markdown = assembleReport({
      title: '八字详批 · 张三',
      notes: ['出生时辰不详。'],
      sections: [
        { title: '性格', text: '## 性格\n\n沉稳。' },
        { title: '事业', text: '### 方向\n\n教育。' },
        { title: null, text: '无题。' },
      ],
      notice: '*仅供娱乐。*',
    });
    expect(markdown).toBe(
      '# 八字详批 · 张三\n\n> 出生时辰不详。\n\n## 性格\n\n沉稳。\n\n## 事业\n\n### 方向\n\n教育。\n\n无题。\n\n---\n\n*仅供娱乐。*',
    );
  });

  test('shows a name with markup in it as it was typed', () => {
    const name = '*a* [x](http://e.example) <b> `c` # _d_';
    const markdown = assembleReport({ title: name, sections: [], notice: 'n' });
    expect(toPlainText(markdown)).toContain(`【${name}】`);
    expect(toSafeHtml(markdown)).not.toContain('<b>');
  });

  test('has titles and a notice in every language', () => {
    expect(reportTitle('bazi-full', 'zh-TW', '張三')).toBe('八字詳批 · 張三');
    expect(reportTitle('bazi-full', 'en', null)).toBe('Bazi in full');
    expect(sectionTitle('bazi-full', '02-character', 'en')).toBe('Character and Gifts');
    expect(sectionTitle('bazi-basic', 'report', 'en')).toBeNull();
    expect(entertainmentNotice('zh-CN')).toContain('娱乐');
  });
});
