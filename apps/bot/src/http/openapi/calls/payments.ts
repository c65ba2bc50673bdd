import { createBody, refundBody } from '../../api/payments/schemas.ts';
import { bodyOf, type Call } from '../call.ts';
import { EXAMPLE_ORDER, inPath } from '../parameters.ts';
import { openedPayment, paymentState, refund, success } from '../shapes.ts';

const BASE = '/api/v1/payments/{provider}';

export const paymentCalls: readonly Call[] = [
  {
    id: 'createPayment',
    method: 'post',
    path: `${BASE}/create`,
    tag: 'payments',
    summary: 'The payment of an order, opened or found again',
    description:
      'The same order and method is the same payment, however often it is asked for. A gateway that takes longer than 3 seconds gives 504: the same call again finds the payment.',
    access: ['apiKey', 'session'],
    parameters: [inPath.provider],
    body: bodyOf(
      createBody,
      { orderId: EXAMPLE_ORDER, amount: 19.9, method: 'ALIPAY_QR', subject: 'Bazi' },
      {
        fields: {
          orderId: 'our order number, or your external_id',
          amount: "compared with the order's own, and never used",
          method:
            'WECHAT_JSAPI, WECHAT_NATIVE, WECHAT_APP, WECHAT_H5, ALIPAY_WEB, ALIPAY_WAP, ALIPAY_APP, ALIPAY_QR, PINGPONG_CHECKOUT, STRIPE_CHECKOUT, OXAPAY_INVOICE, STARS_INVOICE, POINTS, ALIPAY_REDPACKET; may be left out where there is one',
          subject: "read and not used: buyers see the product's name",
          openid: "the buyer's at WeChat, for WECHAT_JSAPI",
          returnUrl: "to PUBLIC_URL's host or RETURN_URL_HOSTS; our order page when left out",
        },
      },
    ),
    answer: { schema: success(openedPayment), description: 'What the buyer needs to pay' },
    errors: {
      400: ['return_url_not_allowed'],
      404: ['order_not_found', 'provider_not_found'],
      409: ['amount_mismatch', 'currency_mismatch', 'order_not_payable', 'provider_not_offered', 'not_enough_coins'],
      422: ['method_not_offered'],
      502: ['gateway_refused'],
      504: ['gateway_timeout'],
    },
  },
  {
    id: 'queryPayment',
    method: 'get',
    path: `${BASE}/query/{order_id}`,
    tag: 'payments',
    summary: 'Asks the gateway now, and books what it says',
    access: ['apiKey', 'session'],
    parameters: [inPath.provider, inPath.orderId],
    answer: { schema: success(paymentState), description: 'How the payment stands' },
    errors: { 404: ['order_not_found', 'provider_not_found', 'payment_not_found'], 504: ['gateway_timeout'] },
  },
  {
    id: 'closePayment',
    method: 'post',
    path: `${BASE}/close/{order_id}`,
    tag: 'payments',
    summary: 'Ends an unpaid order, at its gateways and here',
    description: 'A repeat changes nothing. What was paid meanwhile is booked instead.',
    access: ['apiKey', 'session'],
    parameters: [inPath.provider, inPath.orderId],
    answer: { schema: success(paymentState), description: 'The ended order' },
    errors: {
      404: ['order_not_found', 'provider_not_found', 'payment_not_found'],
      409: ['order_paid', 'payment_processing'],
      504: ['gateway_timeout'],
    },
  },
  {
    id: 'refundPayment',
    method: 'post',
    path: `${BASE}/refund`,
    tag: 'payments',
    summary: 'Gives money back: all that is left, or a part',
    description:
      'The same refundId again is the same refund. `manual`: that gateway has no call for refunds, and the operators have it as a task.',
    access: ['apiKey'],
    parameters: [inPath.provider],
    body: bodyOf(
      refundBody,
      { orderId: EXAMPLE_ORDER, reason: 'one section was late', refundId: 'R-2026-77' },
      {
        fields: {
          orderId: 'our order number, or your external_id',
          amount: "in the order's currency; all that is left when left out",
          refundId: 'your own id of it',
        },
      },
    ),
    answer: { schema: success(refund), description: 'The refund' },
    errors: {
      404: ['order_not_found', 'provider_not_found', 'payment_not_found'],
      409: ['nothing_to_refund', 'amount_exceeds_payment', 'refund_id_taken', 'other_provider'],
    },
  },
];
