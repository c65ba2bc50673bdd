import type { Membership } from '@mingdan/orders';

/** What a membership gives, as codes that pages put into words. */
const FEATURES = ['member_prices', 'free_basic_report', 'priority'] as const;

export interface MembershipJson {
  readonly status: 'active' | 'inactive';
  /** end of what is paid for; left out where there never was a membership */
  readonly expiryDate?: string;
  readonly features: readonly string[];
}

export function membershipJson({ active, expiresAt }: Membership): MembershipJson {
  return {
    status: active ? 'active' : 'inactive',
    ...(expiresAt === null ? {} : { expiryDate: expiresAt.toISOString() }),
    features: active ? FEATURES : [],
  };
}
