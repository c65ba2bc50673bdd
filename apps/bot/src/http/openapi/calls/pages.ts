import type { Call } from '../call.ts';
import { inPath, inQuery } from '../parameters.ts';

const page = { type: 'text/html', description: 'A page in the language of its reader' } as const;

export const pageCalls: readonly Call[] = [
  {
    id: 'shopPage',
    method: 'get',
    path: '/shop',
    tag: 'pages',
    summary: 'The shop (/shop.html too)',
    access: ['anyone'],
    parameters: [inQuery.lang],
    answer: page,
  },
  {
    id: 'coinPage',
    method: 'get',
    path: '/coin',
    tag: 'pages',
    summary: 'The coin centre',
    access: ['anyone', 'session'],
    parameters: [inQuery.lang],
    answer: page,
  },
  {
    id: 'promotePage',
    method: 'get',
    path: '/promote',
    tag: 'pages',
    summary: "A promoter's link, what it brought, and the wish to have it paid out",
    access: ['anyone', 'session'],
    parameters: [inQuery.lang],
    answer: page,
  },
  {
    id: 'appPage',
    method: 'get',
    path: '/app',
    tag: 'pages',
    summary: 'The Mini App',
    access: ['anyone'],
    parameters: [inQuery.lang],
    answer: page,
  },
  {
    id: 'orderPage',
    method: 'get',
    path: '/order/{order_no}',
    tag: 'pages',
    summary: 'State and amount of an order; with its link all of it',
    access: ['anyone', 'orderLink', 'session'],
    parameters: [inPath.orderNo, inQuery.linkToken, inQuery.lang],
    answer: page,
  },
  {
    id: 'giftPage',
    method: 'get',
    path: '/gift/{token}',
    tag: 'pages',
    summary: 'What a claim link gives; its form claims it',
    access: ['anyone', 'session'],
    parameters: [inPath.giftToken, inQuery.lang],
    answer: page,
  },
];
