import { randomInt } from 'node:crypto';
import { randomCode } from '@mingdan/kernel';
import type { Gateway } from '../contract.ts';
import { oxapayActions } from './actions.ts';
import { face } from './face.ts';
import { makeKeys, type OxaPayKeys, oxapayKeys } from './keys.ts';
import { noticesOf, ownNotice } from './notices.ts';
import { oxapayRoutes } from './routes.ts';

/** OxaPay, API v1: coins through an invoice page. */
export const oxapay: Gateway<'oxapay', OxaPayKeys> = {
  name: 'oxapay',
  title: 'OxaPay',
  keys: oxapayKeys,
  makeKeys,
  addresses: (base) => ({ OXAPAY_API_BASE: base }),
  // Published: at once, then about 1, 3, 30 minutes and 3 hours later; never again.
  retryMs: [60_000, 180_000, 1_800_000, 10_800_000],
  accepts: ({ status, body }) => status === 200 && body.trim().toLowerCase() === 'ok',
  ids: {
    payment: () => String(randomInt(100_000_000, 999_999_999)),
    charge: () => `TX${randomCode(16)}`,
    refund: () => `OXR${randomCode(12)}`,
    dispute: () => `OXD${randomCode(12)}`,
  },
  actions: ['pay', 'pay-too-much', 'pay-late'],
  page: face,
  open: (desk) => ({
    routes: oxapayRoutes(desk),
    notices: (event) => noticesOf(desk.till, desk.keys, event),
    ownNotice: (payment, fields) => ownNotice(desk.keys, payment, fields),
    actions: oxapayActions(desk.till),
  }),
};
