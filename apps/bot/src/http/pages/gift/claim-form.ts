import type { Product } from '@mingdan/orders';
import { emailAddress } from '../../../email-address.ts';
import type { Texts } from '../../texts.ts';
import { readBirthFields } from '../birth-fields.ts';
import type { Typed, Wrong } from '../fields.ts';

/** Checks the form by which a report is claimed. `wrong` holds a sentence for each field that has to be changed. */
export function readClaim(
  typed: Typed,
  { product, isSignedIn, now, t }: { product: Pick<Product, 'input'>; isSignedIn: boolean; now: Date; t: Texts },
): { claim?: { email: string | undefined; input: unknown }; wrong: Wrong } {
  const { birth, wrong: wrongBirth } =
    product.input === 'birth' ? readBirthFields(typed, now, t) : { birth: {}, wrong: {} };
  const email = isSignedIn ? undefined : emailAddress.safeParse(typed.email);
  const wrong = { ...wrongBirth, ...(email?.success === false ? { email: t('shop.emailWrong') } : {}) };
  return Object.keys(wrong).length > 0 ? { wrong } : { claim: { email: email?.data, input: birth }, wrong };
}
