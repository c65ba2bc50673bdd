import { z } from 'zod';
import { createPaymentBody } from '../../api/mini-app/create-payment.ts';
import { activateMembershipBody, membershipCurrency } from '../../api/mini-app/membership.ts';
import { sessionBody } from '../../api/session.ts';
import {
  activatedMembership,
  endedRenewal,
  membershipAnswer,
  myOrder,
  myReport,
  newSession,
  session,
  starsInvoice,
} from '../account-shapes.ts';
import { bodyOf, type Call } from '../call.ts';
import { inPath, inQuery } from '../parameters.ts';
import { success } from '../shapes.ts';

const INIT_DATA = 'user=%7B%22id%22%3A…&auth_date=…&hash=…';

export const sessionCalls: readonly Call[] = [
  {
    id: 'signIn',
    method: 'post',
    path: '/api/session',
    tag: 'sessions',
    summary: 'Signs a Mini App in, for an hour',
    description: 'The token also comes as an HttpOnly, SameSite=Lax cookie.',
    access: ['anyone'],
    body: bodyOf(
      sessionBody,
      { initData: INIT_DATA },
      { fields: { initData: 'Telegram.WebApp.initData, as it is: its signature tells who signs in' } },
    ),
    answer: { schema: newSession, description: 'The token, and whose it is' },
    errors: { 401: ['bad_init_data', 'init_data_expired'] },
  },
  {
    id: 'readSession',
    method: 'get',
    path: '/api/session',
    tag: 'sessions',
    summary: 'Who is signed in',
    access: ['session'],
    answer: { schema: session, description: 'Whose session it is' },
  },
  {
    id: 'signOut',
    method: 'delete',
    path: '/api/session',
    tag: 'sessions',
    summary: 'Signs a browser out',
    access: ['session'],
    answer: { schema: z.object({ success: z.literal(true) }), description: 'The cookie is gone' },
  },
];

export const miniAppCalls: readonly Call[] = [
  {
    id: 'createStarsPayment',
    method: 'post',
    path: '/api/create-payment',
    tag: 'miniApp',
    summary: 'An invoice in Telegram Stars',
    description:
      'Who buys is read from the verified initData, what it costs from the catalogue; `userId` and `amount` may be missing, else they have to agree.',
    access: ['anyone'],
    errorAsText: true,
    body: bodyOf(
      createPaymentBody,
      { productName: 'bazi-basic', telegramPayload: INIT_DATA },
      {
        fields: {
          productName: 'a slug, or a name of the catalogue in any language',
          telegramPayload: 'initData',
          amount: "in Stars, or the catalogue's price in its own currency",
          input: 'of a report, as in /api/create-order',
          coupon: "a coupon's code, in any case",
          gift: 'for somebody else, as in /api/create-order',
          request_id: 'the same one again is the same invoice',
          subscription: "pays itself again every 30 days until it is stopped; a month's membership only",
        },
      },
    ),
    answer: { schema: starsInvoice, description: 'For Telegram.WebApp.openInvoice' },
    errors: {
      401: ['bad_init_data', 'init_data_expired'],
      403: ['user_mismatch'],
      404: ['product_not_found'],
      409: [
        'amount_mismatch',
        'coupon_not_valid',
        'not_sold_for_stars',
        'method_not_offered',
        'provider_not_offered',
        'sold_out',
        'too_many_open_orders',
      ],
      502: ['gateway_refused'],
      503: ['maintenance'],
      504: ['gateway_timeout'],
    },
  },
  {
    id: 'readMembership',
    method: 'get',
    path: '/api/membership-status',
    tag: 'miniApp',
    summary: 'Membership and what it gives',
    access: ['session', 'apiKey'],
    errorAsText: true,
    parameters: [inQuery.userId],
    answer: { schema: membershipAnswer, description: 'expiryDate is left out where there never was one' },
  },
  {
    id: 'activateMembership',
    method: 'post',
    path: '/api/activate-membership',
    tag: 'miniApp',
    summary: 'A membership that was paid for, here or elsewhere',
    description: 'The same paymentId again gives nothing more and answers the same.',
    access: ['apiKey'],
    errorAsText: true,
    body: bodyOf(
      activateMembershipBody,
      { userId: 123456789, paymentId: 'T-1001', amount: 29, currency: 'CNY' },
      {
        fields: {
          userId: 'Telegram id of the user',
          paymentId: "a gateway's number of a payment, or for one of ours the order's number",
          amount: 'for a payment taken elsewhere it tells the plan, by its price in that currency',
          currency: 'in any case',
        },
        shapes: { currency: membershipCurrency },
      },
    ),
    answer: { schema: activatedMembership, description: 'The membership as it is now' },
    errors: {
      403: ['user_mismatch'],
      409: ['no_such_plan', 'payment_not_paid', 'payment_taken', 'payment_refunded', 'amount_mismatch'],
    },
  },
];

export const myCalls: readonly Call[] = [
  {
    id: 'endRenewal',
    method: 'post',
    path: '/api/my/end-renewal',
    tag: 'mine',
    summary: 'Stops a membership from being paid again by itself',
    description: 'What is paid stays. Harmless where none runs.',
    access: ['session'],
    answer: { schema: success(endedRenewal), description: 'Whether there was one' },
  },
  {
    id: 'listMyOrders',
    method: 'get',
    path: '/api/my/orders',
    tag: 'mine',
    summary: 'Own orders, the newest first',
    access: ['session'],
    parameters: [
      inQuery.limit,
      {
        name: 'kind',
        in: 'query',
        description: 'one kind only',
        schema: z.enum(['report', 'membership', 'coins', 'goods']),
      },
      inQuery.lang,
    ],
    answer: { schema: success(z.array(myOrder)), description: 'The orders' },
  },
  {
    id: 'readMyReport',
    method: 'get',
    path: '/api/my/reports/{order_no}',
    tag: 'mine',
    summary: 'The report of an own order',
    access: ['session'],
    parameters: [inPath.orderNo],
    answer: { schema: success(myReport), description: 'The report as it was written' },
    errors: { 404: ['order_not_found'], 409: ['report_not_ready'] },
  },
];
