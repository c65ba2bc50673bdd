import { z } from 'zod';
import {
  chart,
  currency,
  kind,
  language,
  money,
  named,
  orderNo,
  orderState,
  paymentError,
  paymentParts,
  provider,
  refundStatus,
  time,
} from './shapes.ts';

/** null: of an account without Telegram */
const telegramId = z.number().int().nullable().describe('Telegram id');

export const membership = named(
  'Membership',
  z.object({
    status: z.enum(['active', 'inactive']),
    expiryDate: time.optional(),
    features: z.array(z.string()).describe('member_prices, free_basic_report, priority'),
    autoRenew: z
      .object({ renewsAt: time, amount: money, currency })
      .optional()
      .describe('it is paid again by itself then'),
  }),
);
export const session = named(
  'Session',
  z.object({
    success: z.literal(true),
    expiresAt: time,
    user: z.object({ id: telegramId, name: z.string().nullable(), language }),
    membership,
  }),
);
export const newSession = named('NewSession', session.extend({ token: z.string() }));
export const endedRenewal = named(
  'EndedRenewal',
  z.object({
    ended: z.boolean().describe('false: none was running'),
    paid_until: time.optional().describe('when it would have been paid again'),
  }),
);
export const membershipAnswer = named('MembershipStatus', membership.extend({ success: z.literal(true) }));
export const activatedMembership = named(
  'ActivatedMembership',
  z.object({ success: z.literal(true), membershipDetails: membership.omit({ features: true }) }),
);
export const starsInvoice = named(
  'StarsInvoice',
  z.object({
    success: z.literal(true),
    invoiceLink: z.string().nullable(),
    order_no: orderNo,
    amount: money,
    currency,
    expires_at: time,
  }),
);

export const coinPackage = named(
  'CoinPackage',
  z.object({
    package_id: z.union([z.number().int(), z.string()]),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    coins: z.number().int().describe('all that one gets'),
    bonus_coins: z.number().int().describe('the part of it that is on top'),
    price: money,
    currency,
  }),
);
export const coinBalance = named('CoinBalance', z.object({ user_id: telegramId, balance: z.number().int() }));
export const coinEntry = named(
  'CoinEntry',
  z.object({
    id: z.number().int(),
    amount: z.number().int(),
    balance: z.number().int().describe('after this entry'),
    reason: z.string(),
    order_no: orderNo.optional(),
    created_at: time,
  }),
);
export const coinOrder = named(
  'CoinOrder',
  z.object({
    order_id: z.number().int(),
    order_no: orderNo,
    amount: money,
    currency,
    coins: z.number().int(),
    payment_method: z.string(),
    provider: z.string().optional(),
    method: z.string().optional(),
    ...paymentParts,
    payment_url: z.string().nullable(),
    payment_error: paymentError,
    expires_at: time,
  }),
);
export const coinOrderState = named(
  'CoinOrderState',
  z.object({
    order_no: orderNo,
    status: z.enum(['PENDING', 'PAID', 'FAILED', 'EXPIRED', 'REFUNDED']),
    amount: money,
    currency,
    coins: z.number().int(),
    created_at: time,
    expires_at: time,
    paid_at: time.optional(),
    credited_at: time.optional().describe('from then on the coins are in the account'),
    refund_status: refundStatus,
  }),
);
export const myOrder = named(
  'MyOrder',
  orderState.extend({
    kind,
    product_slug: z.string(),
    product_name: z.string(),
    quantity: z.number().int(),
    provider: provider.optional(),
    expires_at: time,
    order_url: z.string(),
    has_report: z.boolean(),
  }),
);
export const myReport = named(
  'MyReport',
  z.object({ order_no: orderNo, title: z.string(), markdown: z.string(), chart: chart.optional() }),
);
