/** What fetching the platform certificates of WeChat Pay needs, before there is a key of theirs to check anything with. */
export { fetchPlatformCertificates, type PlatformCertificate } from './providers/wechat/certificates.ts';
export { merchantSettings, type WechatMerchant } from './providers/wechat/settings.ts';
