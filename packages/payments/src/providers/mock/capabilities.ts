import type { ProviderCapabilities } from '../../contract.ts';

export const capabilities: ProviderCapabilities = {
  provider: 'mock',
  names: { 'zh-CN': '模拟支付', 'zh-TW': '模擬支付', en: 'Mock payment' },
  methods: [{ method: 'MOCK_CHECKOUT', currency: 'CNY', min: 1, max: null, shows: 'link' }],
  chat: 'MOCK_CHECKOUT',
  web: { phone: 'MOCK_CHECKOUT', computer: 'MOCK_CHECKOUT' },
  refund: 'api',
  partialRefund: true,
  close: true,
  query: false,
  lists: false,
  shortestLifeMinutes: 0,
  lateHours: 0,
  // There is nobody to ask, so nothing may wait for an answer: in development its notices count as they come.
  noticeKey: 'gateway',
  askAfterMinutes: [],
  refundAskAfterSeconds: 0,
  developmentOnly: true,
};
