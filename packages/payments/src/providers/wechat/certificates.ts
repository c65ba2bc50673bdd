import { randomBytes, sign } from 'node:crypto';
import { MingdanError } from '@mingdan/kernel';
import { z } from 'zod';
import type { ClientTools } from '../../contract.ts';
import { readAnswer } from '../../gateway-answer.ts';
import { callGateway, refused } from '../../gateway-call.ts';
import { certificateFacts } from '../../pem.ts';
import { jsonObject, textOf } from '../../wire-text.ts';
import type { WechatMerchant } from './settings.ts';
import { keyId, openSealed, SIGNATURE_TYPE, sealedSchema } from './wire.ts';

const PATH = '/v3/certificates';

export interface PlatformCertificate {
  /** goes into WECHAT_PLATFORM_KEY_ID */
  readonly serial: string;
  /** PEM; goes into WECHAT_PLATFORM_PUBLIC_KEY */
  readonly certificate: string;
  readonly notAfter: Date;
}

const certificatesAnswer = z.object({
  data: z.array(z.object({ serial_no: z.string(), encrypt_certificate: sealedSchema })).min(1),
});

/**
 * The platform certificates that count now, for merchants who still have some: new ones get a public key from the merchant console.
 * No platform key is needed to ask, since none is there yet: that each certificate opens with the APIv3 key proves where it is from.
 * @throws GatewayRefused | GatewayUnreachable | MingdanError `wrong_api_v3_key`
 */
export async function fetchPlatformCertificates(
  settings: WechatMerchant,
  tools: ClientTools,
): Promise<PlatformCertificate[]> {
  const call = { provider: 'wechat', what: 'certificates', about: {} } as const;
  const url = `${settings.apiBase}${PATH}`;
  const reply = await callGateway(tools, {
    ...call,
    method: 'GET',
    url,
    headers: {
      accept: 'application/json',
      'user-agent': 'mingdan',
      authorization: authorization(settings, new URL(url).pathname, tools.clock.now()),
    },
    repeatable: true,
  });
  const fields = jsonObject(reply.text);
  if (reply.status >= 400)
    throw refused(
      call,
      `HTTP ${reply.status} ${textOf(fields?.code) ?? ''}`.trim(),
      'A merchant without platform certificates takes the public key (PUB_KEY_ID_…) from the merchant console',
    );
  return readAnswer(call, fields, certificatesAnswer).data.map((item) => opened(item, settings.apiV3Key));
}

function opened(item: z.output<typeof certificatesAnswer>['data'][number], apiV3Key: string): PlatformCertificate {
  const certificate = openSealed(item.encrypt_certificate, apiV3Key)?.toString('utf8');
  const facts = certificate === undefined ? undefined : certificateFacts(certificate);
  if (certificate === undefined || facts === undefined || facts.serial !== keyId(item.serial_no))
    throw new MingdanError('wrong_api_v3_key', 'A platform certificate does not open with WECHAT_API_V3_KEY', {
      hint: 'Set the APIv3 key anew in the merchant console, and here',
    });
  return { serial: facts.serial, certificate: certificate.trim(), notAfter: facts.notAfter };
}

/** `Authorization` of a call without a body. */
function authorization(settings: WechatMerchant, path: string, now: Date): string {
  const nonce = randomBytes(16).toString('hex');
  const seconds = String(Math.floor(now.getTime() / 1000));
  const signature = sign('sha256', Buffer.from(`GET\n${path}\n${seconds}\n${nonce}\n\n`), settings.privateKey).toString(
    'base64',
  );
  return `${SIGNATURE_TYPE} mchid="${settings.mchId}",nonce_str="${nonce}",timestamp="${seconds}",serial_no="${settings.serial}",signature="${signature}"`;
}
