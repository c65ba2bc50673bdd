import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { certificateFacts, readPrivateKey, readPublicKey, splitKeys } from '../src/pem.ts';
import { exampleCertificate } from './example-certificate.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'spki'): string =>
  String(key.export({ format: 'pem', type: type as 'pkcs1' }));
const bare = (text: string): string => text.replace(/-----[^-]+-----/g, '').replace(/\s/g, '');

const privateForms = { 'PKCS#1': pem(pair.privateKey, 'pkcs1'), 'PKCS#8': pem(pair.privateKey, 'pkcs8') };
const publicForms = { SPKI: pem(pair.publicKey, 'spki'), 'PKCS#1': pem(pair.publicKey, 'pkcs1') };

/** The ways in which one text comes through an environment. */
const spellings: Readonly<Record<string, (text: string) => string>> = {
  'as PEM': (text) => text,
  'as PEM with \\n written out': (text) => text.trim().replaceAll('\n', '\\n'),
  'as PEM with \\r\\n written out': (text) => text.replaceAll('\n', '\\r\\n'),
  'as PEM from Windows': (text) => text.replaceAll('\n', '\r\n'),
  'as PEM in one line': (text) => text.replaceAll('\n', ' '),
  'as bare base64': bare,
  'as bare base64 in lines': (text) => text.replace(/-----[^-]+-----/g, ''),
  'among spaces': (text) => `  ${text}\n\n`,
};

describe.each(Object.entries(spellings))('a key %s', (_, spell) => {
  test.each(Object.entries(privateForms))('that is private, in %s, is read', (_form, text) => {
    const key = readPrivateKey(spell(text));
    expect(key && createPrivateKey(pem(key, 'pkcs8')).equals(pair.privateKey)).toBe(true);
  });

  test.each(Object.entries(publicForms))('that is public, in %s, is read', (_form, text) => {
    expect(readPublicKey(spell(text))?.equals(pair.publicKey)).toBe(true);
  });

  test('that is public is taken out of a certificate', () => {
    expect(readPublicKey(spell(exampleCertificate.pem))?.equals(createPublicKey(exampleCertificate.pem))).toBe(true);
    expect(certificateFacts(spell(exampleCertificate.pem))).toEqual({
      serial: exampleCertificate.serial,
      notAfter: exampleCertificate.notAfter,
    });
  });
});

describe('what is no key of the wanted sort', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const locked = pair.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'secret' });

  test.each([
    ['an empty text', ''],
    ['words', 'not a key at all'],
    ['base64 of something else', Buffer.from('some text').toString('base64')],
    ['a cut key', privateForms['PKCS#8'].slice(0, 400)],
    ['the frame alone', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----'],
    ['a key with a locked lid', String(locked)],
    ['a key on a curve', pem(ec.privateKey, 'pkcs8')],
    ['a public key', publicForms.SPKI],
    ['a bare public key', bare(publicForms.SPKI)],
    ['a certificate', exampleCertificate.pem],
  ])('is no private key: %s', (_, text) => {
    expect(readPrivateKey(text)).toBeUndefined();
  });

  test.each([
    ['an empty text', ''],
    ['words', 'not a key at all'],
    ['base64 of something else', Buffer.from('some text').toString('base64')],
    ['a cut key', publicForms.SPKI.slice(0, 200)],
    ['a key on a curve', pem(ec.publicKey, 'spki')],
    ['a private key in PKCS#8', privateForms['PKCS#8']],
    ['a private key in PKCS#1', privateForms['PKCS#1']],
    ['a bare private key', bare(privateForms['PKCS#8'])],
    ['a bare old private key', bare(privateForms['PKCS#1'])],
  ])('is no public key: %s', (_, text) => {
    expect(readPublicKey(text)).toBeUndefined();
  });

  test('is no certificate', () => {
    for (const text of ['', 'words', publicForms.SPKI, privateForms['PKCS#8']])
      expect(certificateFacts(text)).toBeUndefined();
  });
});

describe('several keys in one variable', () => {
  const two = [publicForms.SPKI, pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey, 'spki')];

  test.each([
    ['by commas', two.join(',')],
    ['by commas, bare', two.map(bare).join(' , ')],
    ['one after the other', two.join('')],
    ['one after the other with \\n written out', two.join('').replaceAll('\n', '\\n')],
  ])('are taken apart %s', (_, text) => {
    const keys = splitKeys(text).map(readPublicKey);
    expect(keys).toHaveLength(2);
    expect(keys.map((key) => key && pem(key, 'spki'))).toEqual(two);
  });

  test('may be none', () => {
    expect(splitKeys(' , ')).toEqual([]);
  });
});
