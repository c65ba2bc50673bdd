import { z } from 'zod';
import { chartPreviewBody } from '../../api/chart-preview.ts';
import { priceBody } from '../../api/price.ts';
import { productSlug } from '../../api/words.ts';
import { bodyOf, type Call } from '../call.ts';
import { inQuery } from '../parameters.ts';
import { chartPreview, orderPrice, product, siteSettings, success } from '../shapes.ts';

export const catalogueCalls: readonly Call[] = [
  {
    id: 'listProducts',
    method: 'get',
    path: '/api/products',
    tag: 'catalogue',
    summary: 'What can be bought now',
    access: ['anyone', 'session'],
    parameters: [inQuery.lang],
    answer: { schema: success(z.array(product)), description: 'All products, in the order of the shop' },
  },
  {
    id: 'findProduct',
    method: 'get',
    path: '/api/products/{slug}',
    tag: 'catalogue',
    summary: 'One product',
    access: ['anyone', 'session'],
    parameters: [
      {
        name: 'slug',
        in: 'path',
        required: true,
        description: 'the product',
        schema: productSlug,
        example: 'bazi-basic',
      },
      inQuery.lang,
    ],
    answer: { schema: success(product), description: 'The product' },
    errors: { 404: ['product_not_found'] },
  },
  {
    id: 'readSettings',
    method: 'get',
    path: '/api/settings',
    tag: 'catalogue',
    summary: 'Name of the shop, rate, languages, ways to pay',
    description: 'A gateway that keeps failing, or that an operator has taken out, is left out until it is back.',
    access: ['anyone'],
    parameters: [inQuery.lang],
    answer: { schema: success(siteSettings), description: 'What new payments are offered right now' },
  },
  {
    id: 'previewPrice',
    method: 'post',
    path: '/api/price',
    tag: 'catalogue',
    summary: 'What an order would cost, with a coupon, before anybody orders',
    description:
      'No use of the coupon is counted. At most 30 a minute from one address, so that nobody tries codes out.',
    access: ['anyone', 'session'],
    parameters: [inQuery.lang],
    body: bodyOf(
      priceBody,
      { product_slug: 'bazi-full', quantity: 1 },
      { fields: { email: 'of the buyer: a coupon may hold once for each', coupon: 'in any case' } },
    ),
    answer: { schema: success(orderPrice), description: 'The price for this buyer' },
    errors: { 404: ['product_not_found'], 409: ['coupon_not_valid'] },
  },
  {
    id: 'previewChart',
    method: 'post',
    path: '/api/chart-preview',
    tag: 'catalogue',
    summary: 'The chart of a birth, free, before anybody orders',
    description: 'Nothing of it is kept. `fields` is what the forms of our pages send.',
    access: ['anyone'],
    parameters: [inQuery.lang],
    body: {
      schema: chartPreviewBody,
      example: { input: { date: '1990-05-15', time: '14:30', gender: 'male', place: '北京' } },
    },
    answer: { schema: success(chartPreview), description: 'Pillars, luck and warnings, and the same as markup' },
  },
];
