export {
  fetchPlatformCertificates,
  type PlatformCertificate,
} from './providers/wechat/certificates.ts';
export {
  type KeyProblem,
  type KeyProblemCode,
  keyProblems,
  merchantSettings,
  type WechatBot,
  type WechatMerchant,
} from './providers/wechat/settings.ts';
