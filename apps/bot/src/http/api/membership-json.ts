import { formatAmount } from '@mingdan/kernel';
import type { Membership, Subscription } from '@mingdan/orders';

/** What a membership gives, as codes that pages put into words. */
const FEATURES = ['member_prices', 'free_basic_report', 'priority'] as const;

export interface MembershipJson {
  readonly status: 'active' | 'inactive';
  /** end of what is paid for; left out where there never was a membership */
  readonly expiryDate?: string;
  readonly features: readonly string[];
  /** it will be paid again by itself */
  readonly autoRenew?: { readonly renewsAt: string; readonly amount: number; readonly currency: string };
}

export function membershipJson({ active, expiresAt }: Membership, subscription?: Subscription): MembershipJson {
  return {
    status: active ? 'active' : 'inactive',
    ...(expiresAt === null ? {} : { expiryDate: expiresAt.toISOString() }),
    features: active ? FEATURES : [],
    ...(subscription === undefined ? {} : { autoRenew: renewalJson(subscription) }),
  };
}

function renewalJson({ renewsAt, amount }: Subscription) {
  return { renewsAt: renewsAt.toISOString(), amount: Number(formatAmount(amount)), currency: amount.currency };
}
