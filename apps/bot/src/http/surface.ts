import type { Request } from 'express';

/** Phones get pages that open the gateway's app, computers get codes to scan. A guess: both ways stay open on the order page. */
export function surfaceOf(req: Request): 'phone' | 'computer' {
  return /android|iphone|ipad|ipod|mobile/i.test(req.get('user-agent') ?? '') ? 'phone' : 'computer';
}
