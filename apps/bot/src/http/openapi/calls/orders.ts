import { orderBirthSchema } from '@mingdan/bazi';
import { createOrderBody } from '../../api/create-order.ts';
import { codeBody, coinsBody, oxapayBody, reasonBody } from '../../api/order-actions.ts';
import { bodyOf, type Call } from '../call.ts';
import { EXAMPLE_ORDER, inPath, inQuery } from '../parameters.ts';
import { coinPart, newOrder, orderState, redPacket, refundWish, success, usdtPayment } from '../shapes.ts';

export const orderCalls: readonly Call[] = [
  {
    id: 'createOrder',
    method: 'post',
    path: '/api/create-order',
    tag: 'orders',
    summary: 'An order of the shop, with its payment where a way to pay is named',
    description:
      "The price is the catalogue's. Where the gateway does not answer the order is made all the same, and `payment_error` says why it has no payment yet.",
    access: ['anyone', 'session', 'apiKey'],
    parameters: [inQuery.lang],
    body: bodyOf(
      createOrderBody,
      {
        product_slug: 'bazi-basic',
        quantity: 1,
        email: 'zhang@example.com',
        payment_method: 'alipay',
        input: { name: '张三', date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' },
      },
      {
        fields: {
          product_slug: 'of the catalogue',
          quantity: 'more than 1 for goods only',
          email: 'of the buyer; may be left out with a session',
          payment_method:
            'a provider, usdt (OxaPay) or alipay_redpacket; left out: the order is made unpaid, to be paid on its page or by /api/v1/payments',
          input: 'what the product wants to know: birth data for a report, nothing for the rest',
          coupon: "a coupon's code, in any case",
          request_id: 'your mark of this request: the same one again is the same order',
          external_id: 'your own number of the order, with the API key only: the same one again is the same order',
        },
        shapes: { input: orderBirthSchema },
      },
    ),
    answer: { schema: success(newOrder), description: 'The order' },
    errors: {
      401: ['unauthorized', 'session_expired'],
      404: ['product_not_found'],
      409: ['sold_out', 'coupon_not_valid', 'too_many_open_orders', 'external_id_taken', 'request_id_taken'],
      422: ['method_not_offered'],
      503: ['maintenance'],
    },
  },
  {
    id: 'payInUsdt',
    method: 'post',
    path: '/api/oxapay-payment',
    tag: 'orders',
    summary: 'The USDT invoice of an order',
    access: ['anyone'],
    body: bodyOf(oxapayBody, { order_no: EXAMPLE_ORDER }),
    answer: { schema: success(usdtPayment), description: 'The invoice; the same one for the same order' },
    errors: {
      404: ['order_not_found'],
      409: ['order_not_payable', 'provider_not_offered'],
      502: ['gateway_refused'],
      504: ['gateway_timeout'],
    },
  },
  {
    id: 'readOrderStatus',
    method: 'get',
    path: '/api/order-status/{order_no}',
    tag: 'orders',
    summary: 'State and amount of an order, nothing personal',
    access: ['anyone'],
    parameters: [inPath.orderNo],
    answer: { schema: success(orderState), description: 'How the order stands' },
    errors: { 404: ['order_not_found'] },
  },
  {
    id: 'watchOrder',
    method: 'get',
    path: '/api/order-events/{order_no}',
    tag: 'orders',
    summary: 'The same, told as it happens',
    description:
      'Server-sent events: `status` at once and at every change, `end` at the end of the order; `data` is an OrderState. 204 to who has seen the end.',
    access: ['anyone'],
    parameters: [inPath.orderNo],
    answer: { type: 'text/event-stream', description: 'Events, for ten minutes at most' },
    errors: { 404: ['order_not_found'], 503: ['too_many_listeners'] },
  },
  {
    id: 'payPartWithCoins',
    method: 'post',
    path: '/api/order/{order_no}/coins',
    tag: 'orders',
    summary: "Pays a part of an order with its buyer's coins",
    description:
      'Before any payment of it is opened. The rest is then asked of a gateway (`amount_due`); when the order ends unpaid the coins come back by themselves.',
    access: ['orderLink', 'session'],
    parameters: [inPath.orderNo, inQuery.linkToken],
    body: bodyOf(coinsBody, { coins: 50 }, { fields: { coins: 'left out: as many as there are' } }),
    answer: { schema: success(coinPart), description: 'What the coins pay, and what is left' },
    errors: { 404: ['order_not_found'], 409: ['coins_not_usable', 'not_enough_coins'] },
  },
  {
    id: 'enterRedPacketCode',
    method: 'post',
    path: '/api/order/{order_no}/redpacket',
    tag: 'orders',
    summary: 'Pays with the code of an Alipay red packet',
    description: 'The same code again asks how it stands.',
    access: ['orderLink', 'session'],
    parameters: [inPath.orderNo, inQuery.linkToken],
    body: bodyOf(codeBody, { code: '恭喜发财88' }),
    answer: { schema: success(redPacket), description: 'What became of the code' },
    errors: {
      404: ['order_not_found'],
      409: ['order_not_payable', 'provider_not_offered', 'too_many_redpacket_codes'],
      422: ['bad_redpacket_code'],
    },
  },
  {
    id: 'askForRefund',
    method: 'post',
    path: '/api/order/{order_no}/refund-request',
    tag: 'orders',
    summary: 'The buyer wants the money back',
    access: ['orderLink', 'session'],
    parameters: [inPath.orderNo, inQuery.linkToken],
    body: bodyOf(reasonBody, { reason: 'changed my mind' }),
    answer: { schema: success(refundWish), description: 'What came of it' },
    errors: { 404: ['order_not_found'] },
  },
];
