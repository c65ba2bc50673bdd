import { activatePaidMembership } from '@mingdan/operations';
import { membershipOf, runningSubscription } from '@mingdan/orders';
import type { Request } from 'express';
import { z } from 'zod';
import { namedUser, ownerOf, userByName } from '../../auth/users.ts';
import type { HttpDeps } from '../../deps.ts';
import { HttpError } from '../../errors.ts';
import { hasApiKey, noApiKey } from '../api-key.ts';
import { readBody } from '../body.ts';
import { membershipJson } from '../membership-json.ts';
import { answering } from '../operation-errors.ts';
import { namedAmount } from '../payments/find.ts';

export const membershipCurrency = z.enum(['CNY', 'USD', 'USDT', 'XTR', 'COIN']);

export const activateMembershipBody = z.object({
  userId: namedUser,
  paymentId: z
    .string()
    .trim()
    .regex(/^[\x21-\x7e]{1,200}$/),
  amount: z.union([z.number().positive(), z.string().trim().min(1).max(20)]),
  currency: z.string().trim().toUpperCase().pipe(membershipCurrency),
});

/** `GET /api/membership-status`: of who asks. */
export async function membershipStatus(deps: HttpDeps, req: Request): Promise<object> {
  const { id } = await ownerOf(deps, req, req.query.user_id, 'user_id');
  const [membership, subscription] = await Promise.all([membershipOf(deps.db, id), runningSubscription(deps.db, id)]);
  return { success: true, ...membershipJson(membership, subscription) };
}

/** `POST /api/activate-membership`: what a payment bought, once. For callers with the API key. */
export async function activateMembership(deps: HttpDeps, req: Request): Promise<object> {
  if (!hasApiKey(req, deps.settings.apiKey)) throw noApiKey();
  const wish = readBody(req, activateMembershipBody);
  const amount = namedAmount(wish.amount, wish.currency);
  if (amount.minor === 0) throw new HttpError(422, 'invalid_field', 'The field amount has to be more than 0', 'amount');
  const { paymentId } = wish;
  const user = await userByName(deps.db, wish.userId);
  const { membership } = await answering(
    activatePaidMembership(deps.operations, { userId: user.id, paymentId, amount, actor: 'api' }),
  );
  const { status, expiryDate } = membershipJson(membership);
  return { success: true, membershipDetails: { status, expiryDate } };
}
