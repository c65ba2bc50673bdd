import { describe, expect, test } from '@jest/globals';
import { createVault, VaultError } from '../src/index.ts';

const key = (byte: number) => Buffer.alloc(32, byte);
const old = { id: 'old', key: key(1) };
const fresh = { id: 'new', key: key(2) };

describe('the vault', () => {
  test('gives back what was sealed, and shows nothing of it', () => {
    const vault = createVault([old]);
    const sealed = vault.seal('orders.input', { name: '张三' });
    expect(sealed.includes('张三')).toBe(false);
    expect(vault.open('orders.input', sealed)).toEqual({ name: '张三' });
  });

  test('seals the same value differently each time', () => {
    const vault = createVault([old]);
    expect(vault.seal('a', 1).equals(vault.seal('a', 1))).toBe(false);
  });

  test('opens with an older key, and seals with the first, while keys rotate', () => {
    const sealed = createVault([old]).seal('a', 'x');
    const rotating = createVault([fresh, old]);
    expect(rotating.open('a', sealed)).toBe('x');
    expect(() => createVault([old]).open('a', rotating.seal('a', 'x'))).toThrow(VaultError);
  });

  test('refuses a value that was moved to another column', () => {
    const vault = createVault([old]);
    expect(() => vault.open('users.email', vault.seal('orders.input', 'x'))).toThrow(/does not open/);
  });

  test('refuses a value with one changed bit, wherever it is', () => {
    const vault = createVault([old]);
    const sealed = vault.seal('a', 'secret');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => vault.open('a', changed)).toThrow(VaultError);
    }
  });

  test('does not exist without a key', () => {
    expect(() => createVault([])).toThrow(/no key/);
  });
});
