import { createSign, createVerify } from 'node:crypto';

/** A request as it was sent, from its address and its body. */
export type Parameters = Readonly<Record<string, string>>;

/** A request is signed over all of it but `sign`. */
export function isSignedByApp(publicKey: string, parameters: Parameters): boolean {
  const { sign: signature = '', ...signed } = parameters;
  return createVerify('RSA-SHA256').update(joined(signed)).verify(publicKey, signature, 'base64');
}

/** A notice is signed over all of it but `sign` and `sign_type`. @returns the form as it travels */
export function signedForm(privateKey: string, fields: Parameters): string {
  const sign = rsa2(privateKey, joined(fields));
  return new URLSearchParams({ ...fields, sign_type: 'RSA2', sign }).toString();
}

/** An answer is signed over the text of its part, in which slashes are escaped. */
export function signedAnswer(privateKey: string, name: string, part: object): string {
  const text = JSON.stringify(part).replaceAll('/', '\\/');
  return `{"${name}":${text},"sign":"${rsa2(privateKey, text)}"}`;
}

function joined(fields: Parameters): string {
  return Object.keys(fields)
    .sort()
    .map((name) => `${name}=${fields[name]}`)
    .join('&');
}

function rsa2(privateKey: string, text: string): string {
  return createSign('RSA-SHA256').update(text).sign(privateKey, 'base64');
}

/** As clocks in China show it. */
export function chinaTime(at: string | number | Date): string {
  return new Date(new Date(at).getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
}

/** Milliseconds since 1970; NaN for anything but `yyyy-MM-dd HH:mm:ss`. */
export function fromChinaTime(text: string): number {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text) ? Date.parse(`${text.replace(' ', 'T')}+08:00`) : Number.NaN;
}
