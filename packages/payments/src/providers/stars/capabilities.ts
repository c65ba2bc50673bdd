import type { ProviderCapabilities } from '../../contract.ts';

export const capabilities: ProviderCapabilities = {
  provider: 'stars',
  names: { 'zh-CN': 'Telegram Stars', 'zh-TW': 'Telegram Stars', en: 'Telegram Stars' },
  // Whole Stars. The Bot API names no most for one invoice (10,000 for a subscription): core.telegram.org/bots/api#createinvoicelink
  methods: [
    { method: 'STARS_INVOICE', currency: 'XTR', min: 1, max: null, shows: 'invoice', needs: ['telegram'] },
    // Telegram knows this period alone, and makes such invoices as links only.
    {
      method: 'STARS_SUBSCRIPTION',
      currency: 'XTR',
      min: 1,
      max: 10_000,
      shows: 'link',
      needs: ['telegram'],
      repeatsDays: 30,
    },
  ],
  chat: 'STARS_INVOICE',
  // An invoice is paid inside Telegram, by the buyer of the order alone.
  web: { phone: null, computer: null },
  refund: 'api',
  // refundStarPayment takes no amount.
  partialRefund: false,
  // No call takes an invoice back: the answer to its pre-checkout query does.
  close: false,
  query: true,
  lists: true,
  shortestLifeMinutes: 0,
  // After a yes to a pre-checkout query the money comes at once; updates wait for the bot 24 hours.
  lateHours: 25,
  noticeKey: 'gateway',
  askAfterMinutes: [2, 5, 15],
  refundAskAfterSeconds: 0,
};
