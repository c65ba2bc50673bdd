import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { languages } from '@mingdan/orders';
import { type MailTemplate, type Message, mailOnlyTemplates, mailTemplates, messageTemplates } from '@mingdan/outbox';
import { z } from 'zod';
import { renderMail } from '../../src/mail/render.ts';
import { createTexts } from '../../src/texts.ts';

const texts = createTexts();
const LINK = 'https://mingdan.example/order/REPORT_20261121_7K3M9QXA?t=abc&x=1';
const params = {
  orderNo: 'REPORT_20261121_7K3M9QXA',
  product: { 'zh-CN': '八字简批', 'zh-TW': '八字簡批', en: 'Bazi in brief' },
  amount: '19.90 CNY',
  came: '9.90 CNY',
  minutes: 30,
  provider: 'OxaPay',
  reason: 'deadline',
  text: 'answer',
  codes: 'CODE-1\nCODE-2',
  note: 'note',
  link: '',
  web: 'https://mingdan.example/gift/token',
};
const mailOf = (template: MailTemplate, language: string, more: Partial<typeof params> = {}) =>
  renderMail(texts, language, { template, params: { ...params, ...more } } satisfies Message, { link: LINK });

describe.each(languages)('mails in %s', (language) => {
  test.each(mailTemplates)(
    '%s has a subject and a text, nothing is left open, and the link is in both forms',
    (template) => {
      const { subject, text, html } = mailOf(template, language);
      for (const part of [subject, text, html]) {
        expect(part).toMatch(/\S/);
        expect(part).not.toMatch(/{{|}}|\[object/);
      }
      expect(subject).not.toMatch(/[\r\n]/);
      expect(text).toContain(LINK);
      expect(html).toContain(LINK.replaceAll('&', '&amp;'));
      expect(html).toContain(`<html lang="${language}">`);
    },
  );

  test('a product is named in the language of its reader', () => {
    expect(mailOf('report_ready', language).text).toContain(params.product[language]);
  });
});

test('traditional mails hold no simplified characters', () => {
  const read = readFileSync(join(import.meta.dirname, '../../locales/zh-TW/mail.json'), 'utf8');
  expect(read.match(/[单订报书买卖这发开关误价钱语让谢类权银说时问请还过错处邮链转账户换码办页]/gu)).toBeNull();
});

test('a mail says nothing that its message does not bring along', () => {
  const known: Readonly<Record<string, readonly string[]>> = { ...messageTemplates, ...mailOnlyTemplates };
  const { mail } = z
    .object({ mail: z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())])) })
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, '../../locales/zh-CN/mail.json'), 'utf8')));
  const others = ['open', 'again', 'footer', 'support', 'support_bot'];
  expect(Object.keys(mail).sort()).toEqual([...mailTemplates, ...others].sort());
  for (const template of mailTemplates) {
    const named = [...JSON.stringify(mail[template]).matchAll(/{{(\w+)}}/g)].map(([, name = '']) => name);
    expect([template, named.filter((name) => !known[template]?.includes(name))]).toEqual([template, []]);
  }
});

test('whom to ask stands below the footer, where there is anybody', () => {
  const message = { template: 'order_paid', params } as const;
  const { text, html } = renderMail(texts, 'en', message, { link: LINK, help: 'Help: <help@shop.example>' });
  expect(text).toMatch(/do not forward it\.\nHelp: <help@shop\.example>$/);
  expect(html).toContain('<br>Help: &lt;help@shop.example&gt;');
});

test('codes stand in the mail, a line each', () => {
  const { text, html } = mailOf('goods_codes', 'zh-CN');
  expect(text).toContain('CODE-1\nCODE-2');
  expect(html).toContain('CODE-1<br>CODE-2');
});

test('what somebody typed is text in the HTML, and begins no header in the subject', () => {
  const typed = '<img src=x onerror=alert(1)> & "quotes"\r\nBcc: all@example.com';
  const { text, html, subject } = mailOf('redpacket_rejected', 'en', {
    reason: typed,
    orderNo: `X\r\nBcc: a@b.example`,
  });
  expect(text).toContain('<img src=x');
  expect(html).not.toContain('<img');
  expect(html).toContain('&lt;img src=x onerror=alert(1)&gt; &amp; &quot;quotes&quot;');
  expect(subject).not.toMatch(/[\r\n]/);
});
