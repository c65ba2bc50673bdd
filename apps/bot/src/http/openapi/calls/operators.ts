import { z } from 'zod';
import type { Call } from '../call.ts';
import { EXAMPLE_ORDER } from '../parameters.ts';
import { orderState, success, telegramTest } from '../shapes.ts';

export const operatorCalls: readonly Call[] = [
  {
    id: 'playPayment',
    method: 'post',
    path: '/api/payment/mock/{outcome}/{id}',
    tag: 'operators',
    summary: 'Plays a payment; not there in production',
    description:
      "A payment of the provider mock makes a signed notice to the webhook process; one of any other provider is played by that provider's stand-in, where the sandbox runs. Where a gateway tells nobody of a failure the order ends as expired.",
    access: ['anyone'],
    parameters: [
      {
        name: 'outcome',
        in: 'path',
        required: true,
        description: 'how it ends',
        schema: z.enum(['success', 'failure']),
        example: 'success',
      },
      {
        name: 'id',
        in: 'path',
        required: true,
        description: "an order number, the last part of a payment's address, or the gateway's number of it",
        schema: z.string().regex(/^[\w-]{4,200}$/),
        example: EXAMPLE_ORDER,
      },
    ],
    answer: { schema: success(orderState), description: 'The order; it is paid a moment later' },
    errors: {
      404: ['payment_not_found', 'order_not_found'],
      409: ['mock_not_set_up', 'no_sandbox', 'not_at_gateway', 'not_playable'],
      502: ['notice_refused', 'unreachable'],
    },
  },
  {
    id: 'testTelegram',
    method: 'post',
    path: '/api/test-telegram',
    tag: 'operators',
    summary: "Sends a test notice to the operators' chat, and says what is wrong with the settings",
    access: ['adminToken'],
    answer: { schema: success(telegramTest), description: 'Whether it arrived, and the problems found' },
  },
  {
    id: 'readDocument',
    method: 'get',
    path: '/api/docs/openapi.json',
    tag: 'operators',
    summary: 'This document; not there in production',
    access: ['anyone'],
    answer: { schema: z.record(z.string(), z.unknown()), description: 'OpenAPI 3.1' },
  },
  {
    id: 'readDocs',
    method: 'get',
    path: '/api/docs',
    tag: 'operators',
    summary: 'A page on which every call can be tried; not there in production',
    access: ['anyone'],
    answer: { type: 'text/html', description: 'The page' },
  },
  {
    id: 'readHealth',
    method: 'get',
    path: '/healthz',
    tag: 'operators',
    summary: 'The process answers',
    access: ['anyone'],
    answer: { schema: z.object({ status: z.literal('ok') }), description: 'It runs' },
  },
  {
    id: 'readReadiness',
    method: 'get',
    path: '/readyz',
    tag: 'operators',
    summary: 'The database answers too, and has every migration',
    description: '503 with `{status: "unavailable", reason}` while it is not.',
    access: ['anyone'],
    answer: { schema: z.object({ status: z.literal('ok') }), description: 'It is ready' },
  },
  {
    id: 'readMetrics',
    method: 'get',
    path: '/metrics',
    tag: 'operators',
    summary: "Figures in Prometheus' format",
    access: ['anyone'],
    answer: { type: 'text/plain', description: 'The figures; they name no order and no person' },
  },
];
