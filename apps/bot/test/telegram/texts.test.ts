import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { refundRules } from '@mingdan/fulfilment';
import { languages } from '@mingdan/orders';
import { messageTemplates } from '@mingdan/outbox';
import { createTexts, renderMessage } from '../../src/texts.ts';

const FOLDER = join(import.meta.dirname, '../../locales');
const texts = createTexts();

/** Every key with its placeholders, file by file. */
function keysOf(language: string): Map<string, string> {
  const keys = new Map<string, string>();
  const walk = (prefix: string, value: unknown): void => {
    if (typeof value === 'string')
      keys.set(
        prefix,
        [...value.matchAll(/{{(\w+)}}/g)]
          .map(([, name]) => name)
          .sort()
          .join(' '),
      );
    else for (const [key, inner] of Object.entries(value as object)) walk(`${prefix}/${key}`, inner);
  };
  for (const file of readdirSync(join(FOLDER, language))) {
    if (file !== 'page.json') walk(file, JSON.parse(readFileSync(join(FOLDER, language, file), 'utf8')));
  }
  return keys;
}

describe('the locale files', () => {
  const simplified = keysOf('zh-CN');

  test.each(languages)('%s has the same keys with the same placeholders as zh-CN', (language) => {
    const own = keysOf(language);
    expect([...own.keys()].sort()).toEqual([...simplified.keys()].sort());
    for (const [key, placeholders] of own) {
      // A text may say a placeholder twice.
      expect([key, [...new Set(placeholders.split(' '))]]).toEqual([
        key,
        [...new Set((simplified.get(key) ?? '').split(' '))],
      ]);
    }
  });

  test.each(languages)('%s words every outbox template with params it knows', (language) => {
    const keys = keysOf(language);
    for (const [template, params] of Object.entries(messageTemplates)) {
      const found = keys.get(`messages.json/messages/${template}`) ?? keys.get(`operator.json/messages/${template}`);
      expect([template, found]).toEqual([template, expect.any(String)]);
      for (const name of (found ?? '').split(' ').filter(Boolean)) expect(params as readonly string[]).toContain(name);
    }
  });

  test.each(languages)('%s says the refund rule of every product kind', (language) => {
    for (const kind of Object.keys(refundRules)) expect(texts.t(language, `refund_rules.${kind}`)).toMatch(/\S/);
  });

  test.each(languages)('%s: the description of an invoice is never longer than Telegram takes', (language) => {
    for (const refundRule of Object.keys(refundRules)) {
      const params = { orderNo: 'REPORT_20261121_7K3M9QXA1234', minutes: 1440, refundRule };
      const { text } = renderMessage(texts, language, { template: 'payment_request_invoice', params });
      expect(text.length).toBeLessThanOrEqual(255);
      expect(text).toContain(texts.t(language, `refund_rules.${refundRule}`));
    }
  });

  test('traditional texts hold no simplified characters', () => {
    const simplifiedOnly = /[单订报书买卖这发开关误价钱语让谢类权银说时问请还过错处]/u;
    for (const file of ['messages.json', 'chat.json', 'birth.json', 'operator.json', 'payment.json']) {
      const text = readFileSync(join(FOLDER, 'zh-TW', file), 'utf8').replaceAll('简体中文', '');
      // Keys are ours; only what is read by people counts.
      const read = [...text.matchAll(/": "(.*)"/g)].map(([, value]) => value).join('');
      const found = [...read].filter((char) => simplifiedOnly.test(char));
      expect([file, found]).toEqual([file, []]);
    }
  });
});

describe('texts', () => {
  test('a missing text is an error, not a key shown to a person', () => {
    expect(() => texts.t('zh-CN', 'chat.nothing_like_this')).toThrow(/no text/);
  });

  test('what a person typed comes back as typed', () => {
    const typed = '<b>{{name}}</b> $t(chat.help) & "quotes"';
    const message = { template: 'support_answer', params: { text: typed } } as const;
    expect(renderMessage(texts, 'en', message).text).toContain(typed);
  });

  test('a localised param is said in the language of the receiver, else in zh-CN', () => {
    const params = {
      orderNo: 'REPORT_20261121_7K3M9QXA',
      product: { 'zh-CN': '八字简批', en: 'Bazi in brief' },
      amount: '19.90 CNY',
    };
    expect(renderMessage(texts, 'en', { template: 'order_paid', params }).text).toContain('Bazi in brief');
    expect(renderMessage(texts, 'zh-TW', { template: 'order_paid', params }).text).toContain('八字简批');
  });

  test('a reason is worded for buyers, an unknown one too, and kept as it is for operators', () => {
    const base = { orderNo: 'X', product: 'p', amount: '1.00 CNY', inboxId: 3 };
    const failed = (reason: string) =>
      renderMessage(texts, 'zh-CN', { template: 'order_failed_refunding', params: { ...base, reason } }).text;
    expect(failed('deadline')).toContain(texts.t('zh-CN', 'reasons.deadline'));
    expect(failed('never_heard_of')).toContain(texts.t('zh-CN', 'reasons.other'));
    const wish = renderMessage(texts, 'zh-CN', {
      template: 'alarm_refund_wanted',
      params: { ...base, reason: '写得不准' },
    }).text;
    expect(wish).toContain('写得不准');
  });

  test('who rejects a red packet is quoted to the buyer, and a verdict is put in words for operators', () => {
    const base = { orderNo: 'X', product: 'p', amount: '1.00 CNY' };
    const rejected = { template: 'redpacket_rejected', params: { ...base, reason: '口令已过期' } } as const;
    expect(renderMessage(texts, 'zh-CN', rejected).text).toContain('口令已过期');
    const odd = { ...base, provider: 'alipay', inboxId: 3, verdict: 'amount_mismatch' };
    const alarm = renderMessage(texts, 'zh-CN', { template: 'alarm_money_unmatched', params: odd }).text;
    expect(alarm).toContain('金额不符');
    expect(alarm).not.toContain('amount_mismatch');
  });

  test.each(languages)(
    '%s: a declined payment leaves one line, and is explained in the message of its own',
    (language) => {
      const params = { orderNo: 'X', product: 'p', amount: '1.00 CNY' };
      const short = renderMessage(texts, language, { template: 'payment_request_failed', params }).text;
      expect(short).toMatch(/^❌ [^\n]+$/);
      const whole = renderMessage(texts, language, { template: 'payment_failed', params }).text;
      expect(whole).toMatch(/same payment page|原来的付款页面|原本的付款頁面/);
    },
  );

  test('a payment request works with a button and with a bare address', () => {
    const params = { orderNo: 'X', product: 'p', amount: '1.00 CNY', minutes: 30, refundRule: 'report' };
    const url = 'https://pay.example/x';
    const withButton = renderMessage(texts, 'zh-CN', {
      template: 'payment_request',
      params: { ...params, link: '' },
      buttons: [[{ label: 'pay', url }]],
    });
    expect(withButton.buttons).toEqual([[{ text: '去付款', url }]]);
    expect(withButton.text).not.toMatch(/\n$/);
    const bare = renderMessage(texts, 'zh-CN', {
      template: 'payment_request',
      params: { ...params, link: 'http://localhost/x' },
    });
    expect(bare.text).toContain('\nhttp://localhost/x');
  });
});
