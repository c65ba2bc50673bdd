/**
 * Every way to pay, by the name it has everywhere outside: paths, buttons, settings. To add one, make its folder `providers/<name>/`
 * and put its name here; a name without a folder is reserved and cannot be used yet.
 */
export const providerNames = [
  'pingpong',
  'alipay',
  'wechat',
  'stripe',
  'oxapay',
  'stars',
  'points',
  'redpacket',
  'mock',
] as const;

export type ProviderName = (typeof providerNames)[number];
