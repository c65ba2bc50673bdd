import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createSealer, openNotice } from '../src/seal.ts';

const { publicKey, privateKey } = generateKeyPairSync('x25519');
const bytes = Buffer.from('{"order_id":"T1","email":"someone@example.com"}');

test('a sealed notice opens with the private key only', () => {
  const sealed = createSealer(publicKey).seal(bytes);
  expect(openNotice(privateKey, sealed)).toEqual(bytes);
  expect(sealed.includes('someone')).toBe(false);
  expect(() => openNotice(generateKeyPairSync('x25519').privateKey, sealed)).toThrow();
});

test('the same notice never looks the same twice, and an empty one can be sealed', () => {
  const sealer = createSealer(publicKey);
  expect(sealer.seal(bytes)).not.toEqual(sealer.seal(bytes));
  expect(openNotice(privateKey, sealer.seal(Buffer.alloc(0)))).toHaveLength(0);
});

test('notices open across a change of the sender pair', () => {
  const sealer = createSealer(publicKey);
  const sealed = Array.from({ length: 1_002 }, (_, index) => sealer.seal(Buffer.from(String(index))));
  expect(sealed[0]?.subarray(1, 33)).not.toEqual(sealed[1_001]?.subarray(1, 33));
  expect(openNotice(privateKey, sealed[0] ?? bytes).toString()).toBe('0');
  expect(openNotice(privateKey, sealed[1_001] ?? bytes).toString()).toBe('1001');
});

test('a changed or cut sealed notice does not open', () => {
  const sealed = createSealer(publicKey).seal(bytes);
  for (const at of [0, 5, 35, 50, sealed.length - 1]) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => openNotice(privateKey, changed)).toThrow();
  }
  for (const length of [0, 1, 60, sealed.length - 1])
    expect(() => openNotice(privateKey, sealed.subarray(0, length))).toThrow();
  expect(() => openNotice(privateKey, randomBytes(200))).toThrow();
});
