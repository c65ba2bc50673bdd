import type { NoticeToSign, RawNotice } from '../../contract.ts';
import type { MockSettings } from './settings.ts';
import { MERCHANT, signedBody, signedNotice } from './wire.ts';

/** A notice as the mock sends it. */
export function signNotice(settings: MockSettings, notice: NoticeToSign): RawNotice {
  const { providerPaymentId, merchant, ...rest } = notice;
  return signedNotice(settings, {
    ...rest,
    paymentId: providerPaymentId,
    merchant: merchant === 'ours' ? MERCHANT : 'somebody-else',
  });
}

/** Any bytes with a right signature: for bodies that the mock would never send. */
export function signBody(settings: MockSettings, body: string | Buffer): RawNotice {
  return signedBody(settings, body);
}
