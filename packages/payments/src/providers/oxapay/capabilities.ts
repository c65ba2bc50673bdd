import type { ProviderCapabilities } from '../../contract.ts';

export const capabilities: ProviderCapabilities = {
  provider: 'oxapay',
  names: { 'zh-CN': '加密货币（USDT 等）', 'zh-TW': '加密貨幣（USDT 等）', en: 'Cryptocurrency (USDT and others)' },
  // Orders are asked for in whole cents of USDT, so one cent is the least there is.
  methods: [{ method: 'OXAPAY_INVOICE', currency: 'USDT', min: 10_000, max: null, shows: 'link' }],
  chat: 'OXAPAY_INVOICE',
  web: { phone: 'OXAPAY_INVOICE', computer: 'OXAPAY_INVOICE' },
  refund: 'manual',
  partialRefund: false,
  close: false,
  query: true,
  lists: true,
  shortestLifeMinutes: 15,
  lateHours: 72,
  noticeKey: 'shared',
  askAfterMinutes: [2, 5, 15],
  refundAskAfterSeconds: 0,
};
