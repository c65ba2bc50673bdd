import { Readable } from 'node:stream';
import type { Environment } from '@mingdan/config';
import { systemClock } from '@mingdan/kernel';
import { createContext } from '../src/context.ts';
import { runCli } from '../src/program.ts';

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs a command in this process, with an environment of its own. */
export async function run(env: Environment, args: readonly string[], input = ''): Promise<Ran> {
  const said = { out: '', err: '' };
  const terminal = {
    out: async (text: string) => {
      said.out += `${text}\n`;
    },
    err: (text: string) => {
      said.err += `${text}\n`;
    },
    input: Readable.from(input === '' ? [] : [input]),
  };
  const code = await runCli(
    args,
    createContext(terminal, systemClock, () => env),
  );
  return { code, ...said };
}

/** The keys of a shop whose database is the test's; its data key is that of the orders package's test vault. */
export function shop(databaseUrl: string): Record<string, string> {
  return {
    NODE_ENV: 'test',
    DATABASE_URL: databaseUrl,
    OPERATOR_LANGUAGE: 'en',
    DATA_ENCRYPTION_KEY: `test:${Buffer.alloc(32, 7).toString('base64')}`,
    SECRET_KEY: 'a-signing-key-of-thirty-two-characters',
    API_KEY: 'api-key-of-this-test',
    ADMIN_TOKEN: 'admin-token-of-this-test',
    TELEGRAM_BOT_TOKEN: '4242:token-of-this-test',
    // Nobody listens there: no test asks the real Telegram.
    TELEGRAM_API_ROOT: 'http://127.0.0.1:9',
    DEEPSEEK_API_KEY: 'sk-of-this-test',
  };
}

/** What production wants beside the keys of the shop. */
export const secured = {
  PUBLIC_URL: 'https://shop.test',
  TELEGRAM_CHAT_ID: '-100',
  TRUST_PROXY: 'loopback',
};

/** Made for these tests with openssl; nobody keeps its private key. */
export const endedCertificate = `-----BEGIN CERTIFICATE-----
MIICpTCCAY0CBFFX8J4wDQYJKoZIhvcNAQELBQAwFzEVMBMGA1UEAwwMbWluZ2Rh
biB0ZXN0MB4XDTIwMDEwMTAwMDAwMFoXDTIxMDEwMTAwMDAwMFowFzEVMBMGA1UE
AwwMbWluZ2RhbiB0ZXN0MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA
17iBUhI5tA7gb/XkeqVYtgKIWUKSmQPTrtIeEixn/k+jqgpFNsGMW51H+cS0KKO5
6gEiLVuzST4METvJXst4rchbJLGZ80tKcJKP0jdy+74xzrNOhdcYKkZzXMhzN+cH
c+URs+D6Q/VdK3Fohm+wLBoHiDdBjiBUI6njBtQcOoGnS4wSQsXQNOLi8EM5y5/A
u+TthZ2aMz1XJZsJojEUn3vfHK4BVdMU7pc5yUovB2JaEg89Bwn2QNSg5fh4SsLF
wphUAwMu4yVUHS//V8WJdI8cg9QIHyJWX8YYBW/JIJ4I4CtLNIzMP0iwH/aBEton
LDUDtBhiSdZvqqrcsUChCwIDAQABMA0GCSqGSIb3DQEBCwUAA4IBAQCe7mZZsZwf
ypJ1autRpdim/iAIvbntjgIvOnW+E+68ibEeyv+vRHTeErqV9KzX8kjDfDanPQ4G
L4U10+xdIVc86KqS3QCX7VYityxrpHQjEcx8t2an/B8SFBqsj8TUKPlxtbrH2RuS
OY9rutnbu4MF+meuSBk0OnK+LLULx1CrvVSSu1gseW3DcIwSPpCXDe9aGdBVL3jN
f9tzZWPWE1zUqnShtmtjjMyBHufsh6OM/TT1cAVL6a9nb+g1SW21MN9pWsTJhBUe
Rpt5XhZNo26PKJBJa3JtY9o1QkkWoxP4kP1mdiQjZcJpqIVV7h2XJR4Y6rkFw7X0
Xf7cEy/VL6aN
-----END CERTIFICATE-----`;
