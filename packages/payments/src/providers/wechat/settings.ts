import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { ProviderSettings } from '../../contract.ts';
import { type CertificateFacts, certificateFacts, readPublicKey, splitKeys } from '../../pem.ts';
import { apiRoot, rsaPrivateKey, text, webAddress } from '../../values.ts';
import { variables } from './variables.ts';
import { appMethods, keyId } from './wire.ts';

/** One of the keys that WeChat Pay signs with. Several may count side by side while they are exchanged. */
export interface PlatformKey {
  /** serial of the platform certificate in hex, or `PUB_KEY_ID_…` */
  readonly id: string;
  readonly publicKey: KeyObject;
  /** null: a bare public key, which has neither serial nor end */
  readonly certificate: CertificateFacts | null;
}

export interface WechatWebhook {
  readonly mchId: string;
  /** every app that we take payments with: a notice must name one of them */
  readonly appIds: readonly string[];
  /** 32 bytes; opens what notices hold */
  readonly apiV3Key: string;
  readonly platformKeys: readonly PlatformKey[];
}

/** What signs our calls. */
export interface WechatMerchant {
  /** without a trailing slash */
  readonly apiBase: string;
  readonly mchId: string;
  readonly privateKey: KeyObject;
  /** of our own API certificate */
  readonly serial: string;
  readonly apiV3Key: string;
}

export interface WechatBot extends WechatWebhook, WechatMerchant {
  readonly appId: string;
  /** where a method pays into another app than `appId`: mini program, official account and mobile app have ids of their own */
  readonly appIdByMethod: Readonly<Record<string, string>>;
  /** our own API certificate; null where WECHAT_API_CLIENT_CERT holds none */
  readonly merchantCertificate: (CertificateFacts & { readonly publicKey: KeyObject }) | null;
  readonly notifyUrl: string | null;
  readonly refundNotifyUrl: string | null;
}

const secret = z.string().refine((value) => Buffer.byteLength(value) === 32, 'it has to be 32 bytes long');
/** A notify URL with a query string gets no notice at all, and WeChat Pay does not say so. */
const notifyUrl = webAddress.refine((url) => !/[?#]/.test(url), 'a query string stops all notices');

const appIds = z.string().transform((value, context): Record<string, string> => {
  const pairs = value.split(',').map((pair) => pair.trim().split(/\s*=\s*/));
  const wrong = pairs.some(
    ([method, id, ...more]) => !id || more.length > 0 || !appMethods.includes(method?.toUpperCase() ?? ''),
  );
  if (wrong) context.addIssue({ code: 'custom', message: `write method=app id, with ${appMethods.join(', ')}` });
  return Object.fromEntries(pairs.map(([method, id]) => [method?.toUpperCase() ?? '', id ?? '']));
});

const webhookValues = z.object({
  WECHAT_APP_ID: text,
  WECHAT_APP_IDS: appIds.optional(),
  WECHAT_MCH_ID: text,
  WECHAT_API_V3_KEY: secret,
  WECHAT_PLATFORM_PUBLIC_KEY: text,
  WECHAT_PLATFORM_KEY_ID: text,
});
const merchantValues = z.object({
  WECHAT_API_BASE: apiRoot.default('https://api.mch.weixin.qq.com'),
  WECHAT_MCH_ID: text,
  WECHAT_API_V3_KEY: secret,
  WECHAT_API_CLIENT_KEY: rsaPrivateKey,
  WECHAT_API_SERIAL_NO: text,
});
const botValues = webhookValues.extend({
  ...merchantValues.shape,
  WECHAT_API_CLIENT_CERT: text,
  WECHAT_NOTIFY_URL: notifyUrl.optional(),
  WECHAT_REFUND_NOTIFY_URL: notifyUrl.optional(),
});

/** What fetching the platform certificates needs: less than the rest, since it is how one comes by the rest. */
export const merchantSettings: z.ZodType<WechatMerchant> = merchantValues.transform((values) => merchant(values));

export const settings: ProviderSettings<WechatWebhook, WechatBot> = {
  provider: 'wechat',
  variables,
  webhook: webhookValues.transform((values, context) => webhook(values, context)),
  bot: botValues.transform((values, context): WechatBot => {
    const own = keyId(values.WECHAT_API_SERIAL_NO);
    const common = webhook(values, context);
    if (common.platformKeys.some(({ id }) => id === own))
      blame(
        context,
        'WECHAT_PLATFORM_KEY_ID',
        'this is the serial of your own API certificate (WECHAT_API_SERIAL_NO), not of a platform certificate',
      );
    return {
      ...common,
      ...merchant(values),
      appId: values.WECHAT_APP_ID,
      appIdByMethod: values.WECHAT_APP_IDS ?? {},
      merchantCertificate: merchantCertificate(values.WECHAT_API_CLIENT_CERT),
      notifyUrl: values.WECHAT_NOTIFY_URL ?? null,
      refundNotifyUrl: values.WECHAT_REFUND_NOTIFY_URL ?? null,
    };
  }),
};

function webhook(values: z.output<typeof webhookValues>, context: z.RefinementCtx): WechatWebhook {
  return {
    mchId: values.WECHAT_MCH_ID,
    appIds: [...new Set([values.WECHAT_APP_ID, ...Object.values(values.WECHAT_APP_IDS ?? {})])],
    apiV3Key: values.WECHAT_API_V3_KEY,
    platformKeys: platformKeys(values.WECHAT_PLATFORM_PUBLIC_KEY, values.WECHAT_PLATFORM_KEY_ID, context),
  };
}

function merchant(values: z.output<typeof merchantValues>): WechatMerchant {
  return {
    apiBase: values.WECHAT_API_BASE,
    mchId: values.WECHAT_MCH_ID,
    privateKey: values.WECHAT_API_CLIENT_KEY,
    serial: values.WECHAT_API_SERIAL_NO.toUpperCase(),
    apiV3Key: values.WECHAT_API_V3_KEY,
  };
}

/** Two lists side by side: the first key belongs to the first id. */
function platformKeys(keys: string, ids: string, context: z.RefinementCtx): PlatformKey[] {
  const texts = splitKeys(keys);
  const names = ids
    .split(',')
    .map((id) => keyId(id))
    .filter((id) => id !== '');
  if (names.length === 0 || names.length !== texts.length || new Set(names).size !== names.length)
    blame(context, 'WECHAT_PLATFORM_KEY_ID', 'as many different ids as WECHAT_PLATFORM_PUBLIC_KEY holds keys');
  return texts.flatMap((pem, at) => {
    const publicKey = readPublicKey(pem);
    if (publicKey) return [{ id: names[at] ?? '', publicKey, certificate: certificateFacts(pem) ?? null }];
    blame(context, 'WECHAT_PLATFORM_PUBLIC_KEY', `key ${at + 1} is neither an RSA public key nor a certificate`);
    return [];
  });
}

function merchantCertificate(pem: string): WechatBot['merchantCertificate'] {
  const facts = certificateFacts(pem);
  const publicKey = readPublicKey(pem);
  return facts && publicKey ? { ...facts, publicKey } : null;
}

function blame(context: z.RefinementCtx, variable: string, message: string): void {
  context.addIssue({ code: 'custom', path: [variable], message });
}
