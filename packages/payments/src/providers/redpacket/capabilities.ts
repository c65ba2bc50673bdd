import type { ProviderCapabilities } from '../../contract.ts';

export const capabilities: ProviderCapabilities = {
  provider: 'redpacket',
  names: { 'zh-CN': '支付宝口令红包', 'zh-TW': '支付寶口令紅包', en: 'Alipay red packet code' },
  methods: [{ method: 'ALIPAY_REDPACKET', currency: 'CNY', min: 1, max: null, shows: 'code' }],
  chat: 'ALIPAY_REDPACKET',
  web: { phone: 'ALIPAY_REDPACKET', computer: 'ALIPAY_REDPACKET' },
  refund: 'manual',
  partialRefund: true,
  close: true,
  query: true,
  lists: false,
  shortestLifeMinutes: 0,
  // A code is entered while the order can be paid, and then the order waits for its operator.
  lateHours: 0,
  noticeKey: 'none',
  askAfterMinutes: [],
  refundAskAfterSeconds: 0,
};
