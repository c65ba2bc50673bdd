import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createVault } from '@mingdan/kernel';
import { testVault } from '@mingdan/orders/testing';
import { openWords, sealWords } from '../src/inbox-words.ts';

test('words of a matter are read with their key, as what they are, and are nothing without it', () => {
  const sealed = sealWords(testVault, 'reason', '不想要了');
  expect(openWords(testVault, 'reason', sealed)).toBe('不想要了');
  expect(openWords(testVault, 'reply', sealed)).toBeNull();
  const other = createVault([{ id: 'other', key: randomBytes(32) }]);
  expect(openWords(other, 'reason', sealed)).toBeNull();
});
