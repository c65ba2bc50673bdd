import { currencies, orderNumberPattern } from '@mingdan/kernel';
import { languages, orderStatuses } from '@mingdan/orders';
import { providerNames } from '@mingdan/payments';
import { z } from 'zod';

/** What the API answers. Each is a component of the document by its name; the tests read real answers with them. */
export const shapeNames = new Map<z.ZodType, string>();

/** Gives a shape its name in the document. */
export function named<T extends z.ZodType>(name: string, schema: T): T {
  shapeNames.set(schema, name);
  return schema;
}

export const time = z.iso.datetime().describe('ISO 8601, UTC');
export const money = z.number().nonnegative().describe("decimal, with at most the currency's decimals");
export const currency = named('Currency', z.enum(currencies));
export const provider = named('Provider', z.enum(providerNames));
export const orderNo = named('OrderNumber', z.string().regex(orderNumberPattern));
export const language = named('Language', z.enum(languages));

export const success = <T extends z.ZodType>(data: T) => z.object({ success: z.literal(true), data });

export const plainError = named(
  'Error',
  z.object({
    success: z.literal(false),
    error: z.object({
      code: z.string().describe('stays the same: programs go by it'),
      message: z.string().describe('for people'),
      field: z.string().optional().describe('of the body or query that is meant'),
      fields: z.record(z.string(), z.string()).optional().describe('where several are wrong: what is, by their names'),
    }),
  }),
);
export const miniAppError = named(
  'MiniAppError',
  z.object({ success: z.literal(false), error: z.string(), code: z.string(), field: z.string().optional() }),
);

export const kind = z.enum(['report', 'membership', 'coins', 'goods']);
export const orderPrice = named(
  'OrderPrice',
  z.object({
    product_slug: z.string(),
    quantity: z.number().int(),
    amount: money.describe('what the order would cost its buyer now'),
    currency,
    discount: money.describe('what the coupon takes off; 0 without one'),
    amount_usdt: money.nullable(),
  }),
);

export const product = named(
  'Product',
  z.object({
    id: z.number().int(),
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    kind,
    price: money,
    currency,
    price_usd: money.nullable(),
    price_usdt: money.nullable(),
    price_unit: currency,
    stock: z.number().int().nullable().describe('what can be bought now; null: as much as one likes'),
    stock_quantity: z.number().int().nullable(),
    input: z.enum(['birth', 'none']).describe('what it takes to order it'),
    price_stars: z.number().int().optional().describe('where it is sold for Stars now'),
    coins: z.number().int().optional(),
    bonus_coins: z.number().int().optional(),
    months: z.number().int().optional(),
    member_price: money.optional().describe('shown to who is signed in'),
  }),
);

export const siteSettings = named(
  'Settings',
  z.object({
    site_name: z.string(),
    usdt_to_cny_rate: z.number().positive(),
    languages: z.array(language),
    maintenance: z.boolean(),
    payment_methods: z.array(
      z.object({
        provider,
        method: z.string(),
        name: z.string(),
        currency,
        min: money.optional(),
        max: money.optional(),
      }),
    ),
  }),
);

const paymentStatus = named(
  'PaymentStatus',
  z.enum(['waiting', 'processing', 'paid', 'failed', 'expired', 'refunded']),
);
export const refundStatus = named(
  'RefundStatus',
  z.enum(['none', 'requested', 'pending', 'succeeded', 'failed', 'manual']),
);
const orderStatus = z.enum(orderStatuses);
export const orderState = named(
  'OrderState',
  z.object({
    order_no: orderNo,
    status: orderStatus,
    payment_status: paymentStatus,
    amount: money,
    currency,
    coins_used: z.number().int().optional().describe('coins that pay a part of it'),
    amount_due: money.optional().describe('what is left for a gateway, where coins pay a part'),
    refund_status: refundStatus.optional(),
    held: z
      .literal(true)
      .optional()
      .describe('money came that does not fit it: an operator decides, nobody should pay again'),
    delivery: z.enum(['sending', 'delivered', 'parked']).optional(),
    created_at: time,
    paid_at: time.optional(),
    completed_at: time.optional(),
  }),
);

export const paymentParts = {
  payment_url: z.string().nullable().optional().describe('where the buyer pays'),
  qr_code: z.string().optional().describe('the text of the code that the buyer scans'),
  client_params: z.record(z.string(), z.unknown()).optional().describe("what the gateway's app takes"),
  track_id: z.string().optional().describe("the gateway's own number"),
};
export const paymentError = z
  .object({ code: z.string(), message: z.string() })
  .optional()
  .describe('the order stands, and its payment can be opened again or another way');

export const newOrder = named(
  'NewOrder',
  z.object({
    order_no: orderNo,
    amount: money,
    currency,
    order_url: z.string().describe("the buyer's own page: who has it reads the report"),
    expires_at: time,
    payment_method: z.string().optional().describe("the caller's own word"),
    provider: z.string().optional(),
    method: z.string().optional(),
    ...paymentParts,
    payment_error: paymentError,
  }),
);
export const openedPayment = named(
  'OpenedPayment',
  z.object({
    order_no: orderNo,
    provider: z.string(),
    method: z.string(),
    ...paymentParts,
    amount: money.describe('as the gateway was asked for it'),
    currency,
    expires_at: time,
  }),
);
export const usdtPayment = named(
  'UsdtPayment',
  z.object({
    order_no: orderNo,
    track_id: z.string().nullable(),
    payment_url: z.string().nullable(),
    expires_at: time,
  }),
);
export const paymentState = named(
  'PaymentState',
  z.object({
    order_no: orderNo,
    status: paymentStatus,
    order_status: orderStatus,
    provider_status: z.string().describe("the gateway's own word"),
    amount: money,
    currency,
    paid_at: time.optional(),
  }),
);
export const refund = named(
  'Refund',
  z.object({
    order_no: orderNo,
    refund_id: z.string(),
    status: z.enum(['requested', 'pending', 'succeeded', 'failed', 'manual']),
    amount: money,
    currency,
  }),
);
export const coinPart = named(
  'CoinPart',
  z.object({
    order_no: orderNo,
    coins_used: z.number().int(),
    coins_worth: money.describe('what they stand for'),
    amount_due: money.describe('what is left to pay'),
    currency,
  }),
);
export const redPacket = named(
  'RedPacketCode',
  z.object({
    order_no: orderNo,
    status: z.enum(['waiting', 'accepted', 'rejected']),
    reason: z.string().optional(),
    taken: z.boolean().describe('false: not kept, since an operator has an earlier code or it has paid the order'),
  }),
);
export const refundWish = named(
  'RefundWish',
  z.object({
    order_no: orderNo,
    outcome: z
      .enum(['requested', 'with_operators', 'already_requested', 'nothing_to_refund', 'coins_held', 'part_offered'])
      .describe(
        'part_offered: nothing is asked for yet; send it again with part: true to have amount back. coins_held: coins of it pay a part of an unpaid order, to be paid or cancelled first',
      ),
    refund_status: refundStatus,
    amount: money.optional().describe('what goes back, or would'),
    currency: currency.optional(),
    amount_text: z.string().optional().describe('the same, as people of the language of the call write it'),
    coins_left: z.number().int().optional().describe('of an order of coins: what no refund has taken yet'),
    coins_unspent: z.number().int().optional().describe('of them, what is not spent'),
  }),
);

export const gift = named(
  'Gift',
  z.object({
    order_no: orderNo,
    status: z.enum(['not_ready', 'open', 'claimed', 'revoked']).describe('not_ready: it is not paid yet'),
    claim_url: z.string().optional().describe('to pass on; while it is open'),
    claimed_at: time.optional(),
  }),
);

export const chart = z.record(z.string(), z.unknown());
export const chartPreview = named(
  'ChartPreview',
  z.object({
    pillars: z.record(z.string(), z.unknown()),
    solarDate: z.string(),
    lunarDate: z.unknown(),
    solarTimeUsed: z.string().nullable(),
    luck: chart.nullable(),
    warnings: z.array(z.unknown()),
    input: z.record(z.string(), z.unknown()).describe('the birth as it was understood: an order takes it as it is'),
    html: z.string().describe('the same as markup of our pages'),
  }),
);

export const telegramTest = named(
  'TelegramTest',
  z.object({
    sent: z.boolean(),
    bot: z.string().nullable(),
    chat_id: z.number().int().nullable(),
    problems: z.array(z.object({ setting: z.string(), code: z.string(), message: z.string() })),
  }),
);
