import { orderNumberPattern } from '@mingdan/kernel';
import { verifyOrderLink } from '@mingdan/operations';
import type { Request, Response } from 'express';
import type { HttpSettings } from './deps.ts';

const NAME = 'mingdan_return';
/** Longer than anybody takes to pay. */
const MAX_AGE_MS = 2 * 3_600_000;

/**
 * Who leaves their order's page for a gateway comes back to `/payment/success`, and the gateway must never see the signed link: the
 * browser itself keeps it meanwhile, for that one page.
 */
export function keepReturnLink(res: Response, settings: HttpSettings, orderNo: string, token: string): void {
  res.cookie(NAME, `${orderNo}.${token}`, {
    path: '/payment/success',
    maxAge: MAX_AGE_MS,
    httpOnly: true,
    sameSite: 'lax',
    secure: settings.publicUrl.startsWith('https:'),
  });
}

/** The token of that order's link, where this browser left from its page. */
export function returnLinkToken(req: Request, settings: HttpSettings, orderNo: string): string | undefined {
  const cookies = (req.get('cookie') ?? '').split(/;\s*/);
  const value = cookies.find((each) => each.startsWith(`${NAME}=`))?.slice(NAME.length + 1);
  const [number = '', token = ''] = value?.split('.') ?? [];
  if (number !== orderNo || !orderNumberPattern.test(number)) return undefined;
  return verifyOrderLink(settings, orderNo, token) ? token : undefined;
}
