import type { ProviderCapabilities } from '../../contract.ts';

// Stripe's smallest charge is judged in the currency that the account is paid out in, and is worth 0.30 to 0.60 USD there (0.50 USD,
// 4 HKD, 0.50 EUR, 2 MYR, …): 2.70 to 4.40 CNY. 5 yuan stay above all of them when rates move.
const SMALLEST_FEN = 500;
/** Stripe takes amounts of at most eight digits. */
const LARGEST_FEN = 99_999_999;

export const capabilities: ProviderCapabilities = {
  provider: 'stripe',
  names: { 'zh-CN': '银行卡（Stripe）', 'zh-TW': '信用卡（Stripe）', en: 'Card (Stripe)' },
  methods: [{ method: 'STRIPE_CHECKOUT', currency: 'CNY', min: SMALLEST_FEN, max: LARGEST_FEN, shows: 'link' }],
  chat: 'STRIPE_CHECKOUT',
  web: { phone: 'STRIPE_CHECKOUT', computer: 'STRIPE_CHECKOUT' },
  refund: 'api',
  partialRefund: true,
  close: true,
  query: true,
  lists: true,
  shortestLifeMinutes: 30,
  // Delayed methods settle within days; events are repeated for three days.
  lateHours: 72,
  noticeKey: 'shared',
  askAfterMinutes: [2, 5, 15],
  refundAskAfterSeconds: 60,
};
