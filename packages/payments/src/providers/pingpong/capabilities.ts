import type { ProviderCapabilities } from '../../contract.ts';

export const capabilities: ProviderCapabilities = {
  provider: 'pingpong',
  names: { 'zh-CN': 'PingPong 支付', 'zh-TW': 'PingPong 支付', en: 'PingPong Checkout' },
  methods: [{ method: 'PINGPONG_CHECKOUT', currency: 'CNY', min: 1, max: null, shows: 'link' }],
  chat: 'PINGPONG_CHECKOUT',
  web: { phone: 'PINGPONG_CHECKOUT', computer: 'PINGPONG_CHECKOUT' },
  refund: 'api',
  partialRefund: true,
  // In the plain protocol. v4 has no call for it: its client has no closePayment, and a payment closes by its timeExpire.
  close: true,
  query: true,
  lists: false,
  shortestLifeMinutes: 0,
  lateHours: 72,
  noticeKey: 'shared',
  askAfterMinutes: [2, 5, 15],
  refundAskAfterSeconds: 0,
};
