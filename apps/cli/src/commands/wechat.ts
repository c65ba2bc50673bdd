import { isPlaceholder } from '@mingdan/config';
import { MingdanError } from '@mingdan/kernel';
import {
  fetchPlatformCertificates,
  merchantSettings,
  type PlatformCertificate,
  type WechatMerchant,
} from '@mingdan/payments/wechat';
import type { Command } from 'commander';
import { type Answer, answering, group } from '../answer.ts';
import type { Context } from '../context.ts';
import { cliLogger } from '../deps.ts';
import { dayText } from '../print.ts';

export function registerWechat(program: Command, context: Context): void {
  const wechat = group(program, 'wechat', 'WeChat Pay.');
  answering(
    wechat,
    context,
    'fetch-certificates',
    'Print the platform certificates that count now, as two settings (merchants with a WeChat Pay public key have none).',
    async () => {
      const tools = { clock: context.clock, log: cliLogger(context) };
      return answer(context, await fetchPlatformCertificates(merchant(context), tools));
    },
  );
}

/** Only what asking takes: the platform keys are what is being looked for. */
function merchant(context: Context): WechatMerchant {
  const held = Object.entries(context.environment()).flatMap(([name, value]) =>
    value === undefined || value.trim() === '' || isPlaceholder(value) ? [] : [[name, value.trim()]],
  );
  const read = merchantSettings.safeParse(Object.fromEntries(held));
  if (read.success) return read.data;
  const names = [...new Set(read.error.issues.map(({ path }) => String(path[0])))];
  throw new MingdanError('bad_setting', `${names.join(', ')}: missing, or not valid`, {
    hint: 'Set them in the environment or in .env; .env.example tells what they are',
  });
}

function answer(context: Context, certificates: readonly PlatformCertificate[]): Answer {
  const { t } = context.texts();
  const settings = {
    WECHAT_PLATFORM_KEY_ID: certificates.map(({ serial }) => serial).join(','),
    WECHAT_PLATFORM_PUBLIC_KEY: certificates.map(({ certificate }) => certificate.replaceAll('\n', '\\n')).join(','),
  };
  return {
    json: {
      certificates: certificates.map(({ serial, certificate, notAfter }) => ({
        serial,
        certificate,
        ends_at: notAfter,
      })),
      settings,
    },
    lines: [
      ...certificates.map(({ serial, notAfter }) => `# ${t('wechat.ends', { serial, day: dayText(notAfter) })}`),
      ...Object.entries(settings).map(([name, value]) => `${name}="${value}"`),
    ],
  };
}
