import type { PaymentMethod, ProviderCapabilities } from '../../contract.ts';

const yuan = { currency: 'CNY', min: 1, max: null } as const satisfies Partial<PaymentMethod>;

export const capabilities: ProviderCapabilities = {
  provider: 'wechat',
  names: { 'zh-CN': '微信支付', 'zh-TW': '微信支付', en: 'WeChat Pay' },
  methods: [
    { method: 'WECHAT_NATIVE', ...yuan, shows: 'qr' },
    { method: 'WECHAT_JSAPI', ...yuan, shows: 'client_params', needs: ['openid'] },
    { method: 'WECHAT_APP', ...yuan, shows: 'client_params' },
    { method: 'WECHAT_H5', ...yuan, shows: 'link', needs: ['ip'] },
  ],
  chat: 'WECHAT_NATIVE',
  web: { phone: 'WECHAT_H5', computer: 'WECHAT_NATIVE' },
  refund: 'api',
  partialRefund: true,
  close: true,
  query: true,
  lists: false,
  shortestLifeMinutes: 1,
  // Notices are repeated for 24 hours and 4 minutes.
  lateHours: 26,
  noticeKey: 'gateway',
  askAfterMinutes: [2, 5, 15],
  refundAskAfterSeconds: 60,
};
