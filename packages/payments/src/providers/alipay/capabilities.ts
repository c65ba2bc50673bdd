import type { PaymentMethod, ProviderCapabilities } from '../../contract.ts';

/** 0.01 to 100,000,000 yuan. */
const limits = { currency: 'CNY', min: 1, max: 10_000_000_000 } as const satisfies Partial<PaymentMethod>;

export const capabilities: ProviderCapabilities = {
  provider: 'alipay',
  names: { 'zh-CN': '支付宝', 'zh-TW': '支付寶', en: 'Alipay' },
  methods: [
    { method: 'ALIPAY_WEB', ...limits, shows: 'link' },
    { method: 'ALIPAY_WAP', ...limits, shows: 'link' },
    { method: 'ALIPAY_APP', ...limits, shows: 'client_params' },
    { method: 'ALIPAY_QR', ...limits, shows: 'qr' },
  ],
  // The mobile page jumps into the Alipay app on a phone, and shows a code to scan elsewhere.
  chat: 'ALIPAY_WAP',
  web: { phone: 'ALIPAY_WAP', computer: 'ALIPAY_WEB' },
  refund: 'api',
  partialRefund: true,
  close: true,
  query: true,
  // Alipay's list of a day is a file to download, made the next morning.
  lists: false,
  shortestLifeMinutes: 1,
  // Notices are repeated for about 25 hours.
  lateHours: 26,
  noticeKey: 'gateway',
  askAfterMinutes: [2, 5, 15],
  refundAskAfterSeconds: 10,
};
