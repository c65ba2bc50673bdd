import { randomCode } from '@mingdan/kernel';
import express from 'express';
import type { ExtraAction, Gateway, Till } from '../contract.ts';
import { makeKeys, type PingPongKeys, pingpongKeys } from './keys.ts';
import { noticesOf, ownNotice } from './notices.ts';
import { pingpongRoutes } from './routes.ts';
import { isV4, v4NoticesOf, v4OwnNotice } from './v4-notices.ts';
import { v4Routes } from './v4-routes.ts';

/** PingPong in both its protocols: the plain one under `/v1`, the acquirer API under `/v4`. A payment stays in the one it was made in. */
export const pingpong: Gateway<'pingpong', PingPongKeys> = {
  name: 'pingpong',
  title: 'PingPong',
  keys: pingpongKeys,
  makeKeys,
  addresses: (base) => ({ PINGPONG_API_BASE: base }),
  // Its published schedule: 5s/5s/3m/10m/20m/30m, then half-hours and hours that no sandbox lives to see.
  retryMs: [5_000, 5_000, 180_000, 600_000, 1_200_000, 1_800_000],
  // v4 counts the body FAIL as a failure, whatever the status.
  accepts: ({ status, body }) => status >= 200 && status < 300 && body.trim() !== 'FAIL',
  ids: {
    payment: () => `PP${randomCode(16)}`,
    charge: (payment, first) => (first ? payment.paymentId : `PP${randomCode(16)}`),
    refund: () => `PPR${randomCode(16)}`,
    dispute: () => `PPD${randomCode(16)}`,
  },
  actions: ['pay', 'fail', 'pay-twice', 'pay-late', 'pay-wrong-amount', 'pay-too-much', 'pay-other-currency'],
  page: { brand: 'PingPong Checkout', letter: 'P' },
  open: (desk) => ({
    actions: [chargeBack(desk.till)],
    routes: express.Router().use(pingpongRoutes(desk), v4Routes(desk)),
    notices: (event) => {
      const { v4 } = desk.keys;
      return v4 && isV4(event.payment) ? v4NoticesOf(v4, event) : noticesOf(desk.keys, event);
    },
    ownNotice: (payment, fields) => {
      const { v4 } = desk.keys;
      return v4 && isV4(payment) ? v4OwnNotice(v4, payment, fields) : ownNotice(desk.keys, payment, fields);
    },
  }),
};

/** The plain protocol knows no disputes, so the console has none; v4 tells of them. */
function chargeBack(till: Till): ExtraAction {
  return {
    name: 'charge-back',
    label: { zh: '银行拒付', en: 'Charge back', note: '持卡人通过银行追回 · the bank takes the money back (v4)' },
    fits: (payment) => isV4(payment) && payment.charges.length > 0,
    run: async (payment) => {
      await till.dispute(payment.paymentId);
    },
  };
}
