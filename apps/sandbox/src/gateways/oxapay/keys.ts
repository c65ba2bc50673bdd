import { randomCode } from '@mingdan/kernel';
import { z } from 'zod';
import type { MadeKeys } from '../contract.ts';

export const oxapayKeys = z.object({ merchantKey: z.string().min(1) });
export type OxaPayKeys = z.infer<typeof oxapayKeys>;

export function makeKeys(): MadeKeys<OxaPayKeys> {
  const merchantKey = Array.from({ length: 4 }, () => randomCode(6)).join('-');
  return { sandbox: { merchantKey }, environment: { OXAPAY_SECRET_KEY: merchantKey } };
}
