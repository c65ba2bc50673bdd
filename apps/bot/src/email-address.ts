import { z } from 'zod';

/** Of a buyer: where the mails of an order go. RFC 5321 lets an address have 254 characters. */
export const emailAddress = z.email().max(254);
