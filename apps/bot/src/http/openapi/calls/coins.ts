import { z } from 'zod';
import { coinOrderBody } from '../../api/coins/order.ts';
import { namedUser } from '../../auth/users.ts';
import { coinBalance, coinEntry, coinOrder, coinOrderState, coinPackage } from '../account-shapes.ts';
import { bodyOf, type Call } from '../call.ts';
import { EXAMPLE_COIN_ORDER, inPath, inQuery } from '../parameters.ts';
import { success } from '../shapes.ts';

export const coinCalls: readonly Call[] = [
  {
    id: 'listCoinPackages',
    method: 'get',
    path: '/api/coin/packages',
    tag: 'coins',
    summary: 'What coins cost',
    access: ['anyone'],
    parameters: [inQuery.lang],
    answer: { schema: success(z.array(coinPackage)), description: 'The packages' },
  },
  {
    id: 'readCoinBalance',
    method: 'get',
    path: '/api/coin/balance',
    tag: 'coins',
    summary: 'How many coins there are',
    access: ['session', 'apiKey'],
    parameters: [inQuery.userId],
    answer: { schema: success(coinBalance), description: 'The account' },
  },
  {
    id: 'listCoinEntries',
    method: 'get',
    path: '/api/coin/history',
    tag: 'coins',
    summary: 'Where they came from and went, the newest first',
    access: ['session', 'apiKey'],
    parameters: [inQuery.limit, inQuery.before, inQuery.userId],
    answer: {
      schema: success(z.array(coinEntry)).extend({
        next: z.number().int().nullable().describe('send it as `before` for what is older; null: this is all'),
      }),
      description: 'The entries of the account',
    },
  },
  {
    id: 'orderCoins',
    method: 'post',
    path: '/api/coin/order',
    tag: 'coins',
    summary: 'Buys a package',
    access: ['session', 'apiKey'],
    body: bodyOf(
      coinOrderBody,
      { package_id: 2, payment_method: 'alipay', user_id: 123456789 },
      {
        fields: {
          package_id: 'its number, or its slug',
          payment_method: 'as in /api/create-order, never points',
          method: 'of the provider; the one that fits the device when left out',
          amount: "compared with the package's price",
          user_id: 'Telegram id of whose account it is, with the API key; may be left out with a session',
          request_id: 'the same one again is the same order',
        },
        shapes: { user_id: namedUser },
      },
    ),
    answer: { schema: success(coinOrder), description: 'The order and its payment' },
    errors: {
      403: ['user_mismatch'],
      404: ['package_not_found'],
      409: ['amount_mismatch', 'too_many_open_orders', 'request_id_taken'],
      422: ['method_not_offered'],
      503: ['maintenance'],
    },
  },
  {
    id: 'readCoinOrder',
    method: 'get',
    path: '/api/coin/order/status/{order_no}',
    tag: 'coins',
    summary: 'How an order of coins stands',
    description: '`PAID` stays; `credited_at` says that the coins are in the account.',
    access: ['session', 'apiKey'],
    parameters: [{ ...inPath.orderNo, example: EXAMPLE_COIN_ORDER }, inQuery.userId],
    answer: { schema: success(coinOrderState), description: 'The order' },
    errors: { 404: ['order_not_found'] },
  },
];
