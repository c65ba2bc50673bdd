import { z } from 'zod';
import type { Invoice } from './types.ts';

const shape = z.object({
  title: z.string(),
  description: z.string(),
  payload: z.string(),
  stars: z.number().int().positive(),
  period: z.number().int().nullable(),
});

/** The whole invoice is in its link, so that a link outlives a restart as one of Telegram's does. */
export function invoiceLink(origin: string, invoice: Invoice): string {
  return `${origin}/chat?invoice=${Buffer.from(JSON.stringify(invoice)).toString('base64url')}`;
}

/** The invoice of a link or of its last part; undefined where it is none. */
export function readInvoiceLink(link: string): Invoice | undefined {
  const slug = URL.canParse(link) ? (new URL(link).searchParams.get('invoice') ?? '') : link;
  try {
    return shape.safeParse(JSON.parse(Buffer.from(slug, 'base64url').toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
