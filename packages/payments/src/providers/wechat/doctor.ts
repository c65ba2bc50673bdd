import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Localised } from '@mingdan/kernel';
import type { ProviderFinding } from '../../doctor.ts';
import type { PlatformKey, WechatBot } from './settings.ts';
import { keyId, PUBLIC_KEY_ID, SERIAL } from './wire.ts';

/** Keys that are whole but in the wrong place, as far as that can be seen without asking WeChat Pay. */
export function diagnose(settings: WechatBot): readonly ProviderFinding[] {
  const ofPlatform = settings.platformKeys.flatMap((key) => platformMistakes(settings, key));
  return [...merchantMistakes(settings), ...ofPlatform].map(([variable, mistake]) => ({
    state: 'fail',
    variable,
    text: texts[mistake],
  }));
}

type Mistake = readonly [variable: string, what: keyof typeof texts];

function merchantMistakes({ merchantCertificate: own, serial, privateKey }: WechatBot): Mistake[] {
  if (own === null) return [['WECHAT_API_CLIENT_CERT', 'no_certificate']];
  const mistakes: Mistake[] = [];
  if (own.serial !== keyId(serial)) mistakes.push(['WECHAT_API_SERIAL_NO', 'other_serial']);
  if (!isPair(privateKey, own.publicKey)) mistakes.push(['WECHAT_API_CLIENT_KEY', 'other_private_key']);
  return mistakes;
}

function platformMistakes({ privateKey }: WechatBot, { id, publicKey, certificate }: PlatformKey): Mistake[] {
  const mistakes: Mistake[] = [];
  if (isPair(privateKey, publicKey)) mistakes.push(['WECHAT_PLATFORM_PUBLIC_KEY', 'own_public_key']);
  if (certificate !== null && certificate.serial !== id)
    mistakes.push(['WECHAT_PLATFORM_KEY_ID', 'other_platform_serial']);
  // A bare key may be the one of a certificate too, under its serial.
  if (certificate === null && !PUBLIC_KEY_ID.test(id) && !SERIAL.test(id))
    mistakes.push(['WECHAT_PLATFORM_KEY_ID', 'no_public_key_id']);
  return mistakes;
}

function isPair(privateKey: KeyObject, publicKey: KeyObject): boolean {
  return createPublicKey(privateKey).equals(publicKey);
}

/** Notices of API v2 are XML; a shop that was moved from it still has the old address somewhere. */
export function explainRefusal(why: string): Localised | undefined {
  return /\bXML\b/.test(why) ? oldNotices : undefined;
}

const oldNotices: Localised = {
  'zh-CN':
    '收到微信支付 API v2 的 XML 通知。本系统只用 API v3：请查出是哪个旧程序仍用 v2（WECHAT_API_KEY）下单并填了本系统的通知地址，停用它或改掉它的通知地址',
  'zh-TW':
    '收到微信支付 API v2 的 XML 通知。本系統只用 API v3：請查出是哪個舊程式仍用 v2（WECHAT_API_KEY）下單並填了本系統的通知網址，停用它或改掉它的通知網址',
  en: 'XML notices of WeChat Pay API v2 came in. Only API v3 is used here: find the older program that still opens payments by v2 (WECHAT_API_KEY) with our notify URL, and stop it or give it another URL',
};

const texts = {
  no_certificate: {
    'zh-CN': '里面没有证书；请放入 apiclient_cert.pem 的内容',
    'zh-TW': '裡面沒有憑證；請放入 apiclient_cert.pem 的內容',
    en: 'it holds no certificate; put the content of apiclient_cert.pem there',
  },
  other_serial: {
    'zh-CN': '不是 WECHAT_API_CLIENT_CERT 的序列号，微信支付会拒绝我们的请求；请从商户平台的 API 证书复制',
    'zh-TW': '不是 WECHAT_API_CLIENT_CERT 的序號，微信支付會拒絕我們的請求；請從商戶平台的 API 憑證複製',
    en: 'it is not the serial of WECHAT_API_CLIENT_CERT, so WeChat Pay will refuse our calls; copy it from the API certificate in the merchant console',
  },
  other_private_key: {
    'zh-CN': '与 WECHAT_API_CLIENT_CERT 不是一对，微信支付会拒绝我们的请求；请用同一次申请的 apiclient_key.pem',
    'zh-TW': '與 WECHAT_API_CLIENT_CERT 不是一對，微信支付會拒絕我們的請求；請用同一次申請的 apiclient_key.pem',
    en: 'it does not belong to WECHAT_API_CLIENT_CERT, so WeChat Pay will refuse our calls; take apiclient_key.pem of the same download',
  },
  own_public_key: {
    'zh-CN': '这是商户自己的公钥或证书，会把所有通知都当成伪造；请换成微信支付公钥或平台证书',
    'zh-TW': '這是商戶自己的公鑰或憑證，會把所有通知都當成偽造；請換成微信支付公鑰或平台憑證',
    en: 'it holds your own public key or certificate, with which every notice looks forged; set the public key of WeChat Pay, or a platform certificate',
  },
  other_platform_serial: {
    'zh-CN': '与旁边平台证书的序列号不符；顺序要与 WECHAT_PLATFORM_PUBLIC_KEY 一致，也不要填商户证书的序列号',
    'zh-TW': '與旁邊平台憑證的序號不符；順序要與 WECHAT_PLATFORM_PUBLIC_KEY 一致，也不要填商戶憑證的序號',
    en: 'an id is not the serial of the platform certificate beside it; keep the order of WECHAT_PLATFORM_PUBLIC_KEY, and never take the serial of your own certificate',
  },
  no_public_key_id: {
    'zh-CN': '公钥的 ID 以 PUB_KEY_ID_ 开头；请从商户平台的“微信支付公钥”复制',
    'zh-TW': '公鑰的 ID 以 PUB_KEY_ID_ 開頭；請從商戶平台的「微信支付公鑰」複製',
    en: 'the id of a bare public key begins with PUB_KEY_ID_; copy it from the merchant console',
  },
} as const satisfies Record<string, Localised>;
