import { z } from 'zod';

const orderId = z.string().trim().min(1).max(64);
/** A number or a decimal string; compared with the order's own amount, never taken from here. */
const amount = z.union([
  z.number().nonnegative(),
  z
    .string()
    .trim()
    .regex(/^\d{1,15}(\.\d{1,18})?$/),
]);

export const createBody = z.object({
  orderId,
  amount,
  method: z.string().trim().max(40).optional(),
  currency: z.string().trim().max(8).optional(),
  subject: z.string().max(256).optional(),
  openid: z.string().trim().min(1).max(128).optional(),
  returnUrl: z.string().trim().max(1_000).optional(),
});

export const refundBody = z.object({
  orderId,
  amount: amount.optional(),
  reason: z.string().trim().max(200).optional(),
  refundId: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .optional(),
});
