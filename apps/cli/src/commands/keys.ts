import {
  type DevelopmentSecrets,
  isProduction,
  makeNoticeKeys,
  type NoticeKeys,
  persistedSecrets,
  repositoryRoot,
} from '@mingdan/config';
import type { Command } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';

export function registerKeys(program: Command, context: Context): void {
  const keys = group(program, 'keys', 'Keys of this shop.');
  answering(
    keys,
    context,
    'notice',
    'The key pair that seals the raw bytes of notices: in development the kept one, else a fresh one.',
    async (_, options) => notice(context, options.new === true, () => persistedSecrets(repositoryRoot)),
  ).option('--new', 'make a fresh pair, which is kept nowhere');
}

export function notice(context: Context, fresh: boolean, kept: () => DevelopmentSecrets): Answer {
  const make = fresh || isProduction(context.environment());
  const pair: NoticeKeys = make ? makeNoticeKeys() : keptPair(kept());
  const { t } = context.texts();
  return {
    json: { public_key: pair.publicKey, private_key: pair.privateKey, kept: !make },
    lines: [
      t(make ? 'keys.fresh' : 'keys.kept'),
      `NOTICE_PUBLIC_KEY=${pair.publicKey}`,
      `NOTICE_PRIVATE_KEY=${pair.privateKey}`,
      t('keys.where'),
    ],
  };
}

function keptPair(secrets: DevelopmentSecrets): NoticeKeys {
  return { publicKey: secrets.NOTICE_PUBLIC_KEY, privateKey: secrets.NOTICE_PRIVATE_KEY };
}
