import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { orderLink, orderLinkToken, verifyOrderLink } from '../src/order-link.ts';

const KEY = 'a'.repeat(32);
const OLDER = 'b'.repeat(32);
const ORDER = 'REPORT_20261121_7K3M9QXA';
const settings = { publicUrl: 'https://shop.example', secretKeys: [KEY, OLDER] };

describe('the signed link of an order page', () => {
  test('is the page of the order with 43 characters of signature', () => {
    expect(orderLink(settings, ORDER)).toMatch(
      /^https:\/\/shop\.example\/order\/REPORT_20261121_7K3M9QXA\?t=[\w-]{43}$/,
    );
  });

  test('is the same each time, so that a link once sent stays good', () => {
    expect(orderLink(settings, ORDER)).toBe(orderLink(settings, ORDER));
  });

  test('opens its own order and no other', () => {
    const token = orderLinkToken(settings, ORDER);
    expect(verifyOrderLink(settings, ORDER, token)).toBe(true);
    expect(verifyOrderLink(settings, 'REPORT_20261121_7K3M9QXB', token)).toBe(false);
  });

  test('is signed by the first key and opens under every key, so that keys can be changed', () => {
    const before = orderLinkToken({ secretKeys: [OLDER] }, ORDER);
    expect(orderLinkToken(settings, ORDER)).toBe(orderLinkToken({ secretKeys: [KEY] }, ORDER));
    expect(verifyOrderLink(settings, ORDER, before)).toBe(true);
    expect(verifyOrderLink({ secretKeys: [KEY] }, ORDER, before)).toBe(false);
  });

  test('is no plain signature of the order number, such as another part of the system could be made to give', () => {
    const plain = createHmac('sha256', KEY).update(ORDER).digest('base64url');
    expect(verifyOrderLink(settings, ORDER, plain)).toBe(false);
  });

  test.each([
    ['nothing', ''],
    ['too short', 'AAAA'],
    ['the right length', 'A'.repeat(43)],
    ['not base64url', '!'.repeat(43)],
    ['very long', 'A'.repeat(100_000)],
  ])('refuses a token that is %s', (_what, token) => {
    expect(verifyOrderLink(settings, ORDER, token)).toBe(false);
  });

  test('refuses a token with padding or blanks around it, which a decoder would forgive', () => {
    const token = orderLinkToken(settings, ORDER);
    for (const changed of [`${token}=`, ` ${token}`, `${token}\n`]) {
      expect(verifyOrderLink(settings, ORDER, changed)).toBe(false);
    }
  });

  test('is never made or opened with an empty key', () => {
    const empty = createHmac('sha256', '').update(`mingdan:order-link:v1:${ORDER}`).digest('base64url');
    expect(verifyOrderLink({ secretKeys: [''] }, ORDER, empty)).toBe(false);
    expect(() => orderLinkToken({ secretKeys: [] }, ORDER)).toThrow('no key to sign');
    expect(() => orderLinkToken({ secretKeys: [''] }, ORDER)).toThrow('no key to sign');
  });
});
