import type { ProviderCapabilities } from '../../contract.ts';

export const capabilities: ProviderCapabilities = {
  provider: 'points',
  names: { 'zh-CN': '金币', 'zh-TW': '金幣', en: 'Coins' },
  methods: [{ method: 'POINTS', currency: 'COIN', min: 1, max: null, shows: 'nothing', needs: ['account'] }],
  chat: 'POINTS',
  web: { phone: 'POINTS', computer: 'POINTS' },
  refund: 'api',
  partialRefund: true,
  close: true,
  query: true,
  lists: false,
  shortestLifeMinutes: 0,
  // Coins are taken while the order can be paid, or not at all.
  lateHours: 0,
  noticeKey: 'none',
  askAfterMinutes: [],
  refundAskAfterSeconds: 0,
};
