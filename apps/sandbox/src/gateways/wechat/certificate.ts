import { type KeyObject, randomBytes, sign } from 'node:crypto';

export interface MadeCertificate {
  /** hex in upper case, 40 characters */
  readonly serial: string;
  readonly pem: string;
}

const DAY_MS = 86_400_000;
const LIFE_DAYS = 5 * 365;
const SHA256_WITH_RSA = tagged(0x30, Buffer.from('06092a864886f70d01010b0500', 'hex'));
const COMMON_NAME = Buffer.from('0603550403', 'hex');

/** A self-signed X.509 certificate, as both sides of WeChat Pay name their keys by one. node:crypto reads them, but writes none. */
export function selfSigned(
  name: string,
  publicKey: KeyObject,
  privateKey: KeyObject,
  now = new Date(),
): MadeCertificate {
  const serial = randomBytes(20);
  // Positive, and with all of its 40 hex digits.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const named = sequence(tagged(0x31, sequence(COMMON_NAME, tagged(0x0c, Buffer.from(name)))));
  const validity = sequence(time(now.getTime() - DAY_MS), time(now.getTime() + LIFE_DAYS * DAY_MS));
  const content = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, serial),
    SHA256_WITH_RSA,
    named,
    validity,
    named,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = tagged(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', content, privateKey)]));
  const lines =
    sequence(content, SHA256_WITH_RSA, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    serial: serial.toString('hex').toUpperCase(),
    pem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** UTCTime: two digits of the year, good until 2049. */
function time(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/\D/g, '').slice(2, 14);
  return tagged(0x17, Buffer.from(`${text}Z`));
}

/** One DER value: tag, length, content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
