import { createHash, timingSafeEqual } from 'node:crypto';

/** Every field but `sign` that is not empty, by name, as `k=v` joined by `&`; the salt in front; SHA256 in upper case. */
export function v4Sign(salt: string, fields: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  for (const name of Object.keys(fields).sort()) {
    const value = fields[name];
    if (name !== 'sign' && value !== undefined && value !== null && value !== '') parts.push(`${name}=${value}`);
  }
  return createHash('sha256')
    .update(`${salt}${parts.join('&')}`, 'utf8')
    .digest('hex')
    .toUpperCase();
}

export function isV4Signed(salt: string, fields: Readonly<Record<string, unknown>>): boolean {
  const wanted = Buffer.from(v4Sign(salt, fields));
  const given = Buffer.from(String(fields.sign ?? '').toUpperCase());
  return fields.signType === 'SHA256' && wanted.length === given.length && timingSafeEqual(wanted, given);
}
