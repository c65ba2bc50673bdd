import { ForgedNotice, type NoticeVerifier } from '../../contract.ts';
import { verifyPlain } from './plain/verify.ts';
import type { PingpongWebhook } from './settings.ts';
import { verifyV4 } from './v4/verify.ts';
import { protocolOf } from './wire.ts';

export function createVerifier(settings: PingpongWebhook): NoticeVerifier {
  return {
    provider: 'pingpong',
    // The plain protocol wants any 200; v4 any 2xx whose body is not FAIL, and one of its pages this very word.
    acknowledgement: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'OK' },
    verify(notice) {
      const protocol = protocolOf(notice);
      if (protocol === 'plain') return verifyPlain(notice, settings);
      if (protocol === null) throw new ForgedNotice('the header X-Signature is missing');
      if (!settings.v4) throw new ForgedNotice('this is a notice of the acquirer API v4, which is not set up here');
      return verifyV4(notice, settings.v4);
    },
  };
}
