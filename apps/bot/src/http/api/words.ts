import { couponPattern, slugPattern } from '@mingdan/orders';
import { z } from 'zod';

/** So many of one thing are sold at once. */
export const MOST_AT_ONCE = 5;

/** Fields that several calls take, by one rule each. */
export const productSlug = z.string().regex(slugPattern);
export const couponCode = z.string().trim().regex(couponPattern);
export const quantity = z.number().int().min(1).max(MOST_AT_ONCE);
