import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TestDatabase } from '@mingdan/db/testing';
import { testDatabase } from '@mingdan/orders/testing';
import type { Express } from 'express';
import request from 'supertest';
import { z } from 'zod';
import { mockGate } from '../../src/http/mock/gate.ts';
import type { Access } from '../../src/http/openapi/call.ts';
import { calls } from '../../src/http/openapi/calls/index.ts';
import { errorCodes, openApiDocument } from '../../src/http/openapi/document.ts';
import { anApp } from './support.ts';

const DEVELOPMENT = { webhookUrl: 'http://127.0.0.1:1', notices: null, sandboxUrl: null };

let database: TestDatabase;
let app: Express;
beforeAll(async () => {
  database = await testDatabase();
  app = anApp(database.db, { settings: { mock: DEVELOPMENT } }).app;
});
afterAll(() => database.drop());

const document = openApiDocument('https://mingdan.example/');

/** What the outside contract promises: method, path, who may call, and the fields that a body has to take. */
const PROMISED: readonly (readonly [string, string, readonly Access[], (readonly string[])?])[] = [
  ['get', '/api/products', ['anyone']],
  ['get', '/api/products/{slug}', ['anyone']],
  ['get', '/api/settings', ['anyone']],
  [
    'post',
    '/api/create-order',
    ['anyone'],
    ['product_slug', 'quantity', 'email', 'payment_method', 'input', 'external_id'],
  ],
  ['post', '/api/oxapay-payment', ['anyone'], ['order_no']],
  ['post', '/api/order/{order_no}/redpacket', ['orderLink', 'session'], ['code']],
  ['post', '/api/order/{order_no}/refund-request', ['orderLink', 'session'], ['reason']],
  ['get', '/api/order-status/{order_no}', ['anyone']],
  ['post', '/api/test-telegram', ['adminToken']],
  ['post', '/api/coin/order', ['session', 'apiKey'], ['package_id', 'payment_method', 'user_id']],
  ['get', '/api/coin/order/status/{order_no}', ['session', 'apiKey']],
  ['get', '/api/coin/packages', ['anyone']],
  ['get', '/api/coin/balance', ['session', 'apiKey']],
  ['post', '/api/payment/mock/{outcome}/{id}', ['anyone']],
  ['post', '/api/create-payment', ['anyone'], ['userId', 'amount', 'productName', 'telegramPayload']],
  ['post', '/api/session', ['anyone'], ['initData']],
  ['get', '/api/membership-status', ['session', 'apiKey']],
  ['post', '/api/activate-membership', ['apiKey'], ['userId', 'paymentId', 'amount', 'currency']],
  [
    'post',
    '/api/v1/payments/{provider}/create',
    ['apiKey', 'session'],
    ['method', 'orderId', 'amount', 'subject', 'openid', 'returnUrl'],
  ],
  ['get', '/api/v1/payments/{provider}/query/{order_id}', ['apiKey', 'session']],
  ['post', '/api/v1/payments/{provider}/close/{order_id}', ['apiKey', 'session']],
  ['post', '/api/v1/payments/{provider}/refund', ['apiKey'], ['orderId', 'amount', 'reason', 'refundId']],
  ['get', '/shop', ['anyone']],
  ['get', '/coin', ['anyone']],
  ['get', '/app', ['anyone']],
  ['get', '/order/{order_no}', ['anyone', 'orderLink']],
  ['get', '/healthz', ['anyone']],
  ['get', '/readyz', ['anyone']],
  ['get', '/metrics', ['anyone']],
];

const shape = z.looseObject({ $ref: z.string().optional(), properties: z.record(z.string(), z.unknown()).optional() });
const content = z.looseObject({ schema: shape });
const operationShape = z.looseObject({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  tags: z.array(z.string()).length(1),
  summary: z.string().min(3),
  security: z.array(z.record(z.string(), z.array(z.string()))).min(1),
  parameters: z
    .array(
      z.union([
        z.strictObject({ $ref: z.string() }),
        z.strictObject({
          name: z.string(),
          in: z.enum(['path', 'query', 'header']),
          required: z.boolean(),
          description: z.string().min(3),
          schema: z.looseObject({}),
          example: z.unknown().optional(),
        }),
      ]),
    )
    .default([]),
  requestBody: z
    .strictObject({
      required: z.literal(true),
      content: z.strictObject({ 'application/json': content.extend({ example: z.looseObject({}) }) }),
    })
    .optional(),
  responses: z.record(
    z.string().regex(/^[2-5]\d\d$/),
    z.strictObject({ description: z.string().min(2), content: z.record(z.string(), content) }),
  ),
});

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ method, path, operation: operationShape.parse(operation) })),
);
const operationAt = (method: string, path: string) =>
  operations.find((each) => each.method === method && each.path === path)?.operation;

/** Parameters by their place: routes and the document may call them differently. */
const shapeOf = (path: string): string => path.replace(/:\w+|\{\w+\}/g, '{}').replace(/\/$/, '');

/** Method and path of every route of the app, read from its router. */
function routesOf(router: unknown): string[] {
  const { stack } = z
    .object({ stack: z.array(z.looseObject({})) })
    .parse({ stack: Reflect.get(Object(router), 'stack') });
  return stack.flatMap((layer): string[] => {
    const route = z
      .looseObject({ path: z.union([z.string(), z.array(z.string())]), methods: z.record(z.string(), z.boolean()) })
      .safeParse(layer.route).data;
    if (route)
      return Object.keys(route.methods)
        .filter((method) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
        .flatMap((method) => [route.path].flat().map((path) => `${method} ${shapeOf(path)}`));
    const inner: unknown = Reflect.get(Object(layer.handle), 'stack');
    return Array.isArray(inner) ? routesOf(layer.handle) : [];
  });
}

/** Every `$ref` below a part of the document. */
function refsIn(part: unknown): string[] {
  if (Array.isArray(part)) return part.flatMap(refsIn);
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : refsIn(value),
  );
}

function resolved(address: string): unknown {
  return address
    .slice(2)
    .split('/')
    .reduce<unknown>((part, key) => Reflect.get(Object(part), key), document);
}

describe('the document of the API', () => {
  test.each(PROMISED.map(([method, path, who, fields = null]) => ({ method, path, who, fields })))(
    'has $method $path with what it takes, who may call it and what it answers',
    ({ method, path, who, fields }) => {
      const operation = operationAt(method, path);
      if (!operation) throw new Error(`${method} ${path} is missing`);
      const allowed = operation.security.flatMap((each) => Object.keys(each));
      for (const each of who) {
        if (each === 'anyone') expect(operation.security).toContainEqual({});
        else expect(allowed).toContain(each);
      }
      expect(operation.security.some((each) => Object.keys(each).length === 0)).toBe(who.includes('anyone'));
      const body = operation.requestBody?.content['application/json'].schema;
      const properties = shape.parse(resolved(body?.$ref ?? '#/nothing') ?? {}).properties ?? {};
      expect(Object.keys(properties)).toEqual(expect.arrayContaining([...(fields ?? [])]));
      expect(body === undefined).toBe(fields === null);
      expect(Object.keys(operation.responses)).toContain('200');
      if (!path.startsWith('/api/')) return;
      const isMiniApp = /create-payment|membership/.test(path);
      expect(operation.responses['500']?.content['application/json']?.schema.$ref).toBe(
        `#/components/schemas/${isMiniApp ? 'MiniAppError' : 'Error'}`,
      );
    },
  );

  test('has every route below /api, and nothing that is no route', () => {
    const routes = routesOf(Reflect.get(app, 'router'));
    // Notices of gateways that come to the wrong process are refused by routes of their own.
    const isApi = (route: string) => route.includes(' /api/') && !/notify$|\/webhook\//.test(route);
    const described = operations.map(({ method, path }) => `${method} ${shapeOf(path)}`);
    expect(described.filter(isApi).sort()).toEqual([...new Set(routes.filter(isApi))].sort());
    expect(described.filter((route) => !routes.includes(route))).toEqual([]);
  });

  test('is OpenAPI 3.1: names that are unique, parameters that are in their paths, references that lead somewhere', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: expect.any(String), version: expect.any(String) },
    });
    expect(document.servers).toEqual([{ url: 'https://mingdan.example' }]);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const schemes = Object.keys(document.components.securitySchemes ?? {});
    for (const { path, operation } of operations) {
      const named = operation.parameters.flatMap((each) => ('$ref' in each ? [] : [each]));
      const inPath = named.filter((each) => each.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`).sort()).toEqual((path.match(/\{\w+\}/g) ?? []).sort());
      expect(inPath.every(({ required }) => required)).toBe(true);
      expect(new Set(named.map(({ name }) => name)).size).toBe(named.length);
      expect(schemes).toEqual(expect.arrayContaining(operation.security.flatMap((each) => Object.keys(each))));
      expect(document.tags).toContainEqual({ name: operation.tags[0] });
    }
    for (const address of refsIn(document)) {
      expect(address).toMatch(/^#\/components\/(?:schemas|parameters)\/\w+$/);
      expect(resolved(address)).toBeInstanceOf(Object);
    }
    expect(Object.keys(document.components.schemas ?? {}).filter((name) => !/^[\w.-]+$/.test(name))).toEqual([]);
  });

  test('holds JSON only, and no schema names another dialect or address', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    for (const schema of Object.values(document.components.schemas ?? {})) {
      expect(schema).not.toHaveProperty('$schema');
      expect(schema).not.toHaveProperty('$id');
    }
  });

  test('asks for what a route asks for, and leaves optional what has a default', () => {
    const { CreateOrderBody, OrderCoinsBody } = document.components.schemas ?? {};
    expect(CreateOrderBody).toMatchObject({ required: ['product_slug'], properties: { quantity: { default: 1 } } });
    expect(OrderCoinsBody).toMatchObject({ required: ['package_id', 'payment_method'] });
  });

  test.each(calls.flatMap((call) => (call.body ? [[call.id, call.body] as const] : [])))(
    'shows a body of %s that its route takes',
    (_id, body) => {
      expect(body.schema.safeParse(body.example)).toMatchObject({ success: true });
      for (const [name, schema] of Object.entries(body.shapes ?? {}))
        expect(schema.safeParse(body.example[name])).toMatchObject({ success: true });
    },
  );

  test('names no error that the guide to the API does not explain', () => {
    const guide = readFileSync(join(import.meta.dirname, '../../../../docs/http-api.md'), 'utf8');
    const codes = new Set(calls.flatMap((call) => Object.values(errorCodes(call)).flat()));
    expect([...codes].filter((code) => !guide.includes(`\`${code}\``))).toEqual([]);
  });
});

describe('the page of the API', () => {
  test('and its document are served in development', async () => {
    const { body } = await request(app).get('/api/docs/openapi.json').expect(200).expect('Content-Type', /json/);
    expect(body).toEqual(openApiDocument('https://mingdan.example'));
    const { text, headers } = await request(app).get('/api/docs').expect(200).expect('Content-Type', /html/);
    const shown = [...text.matchAll(/class="card call" id="(\w+)"[\s\S]*?data-path="([^"]+)"/g)].map(([, id, path]) => [
      id,
      path,
    ]);
    expect(shown).toEqual(expect.arrayContaining(calls.map(({ id, path }) => [id, path])));
    expect(text).not.toMatch(/ style=|<script(?! type="module" src="\/)|https?:\/\//);
    expect(headers['content-security-policy']).toContain("script-src 'self'");
  });

  test.each(['zh-CN', 'zh-TW', 'en'])('speaks %s, each id once', async (lang) => {
    const { text } = await request(app).get(`/api/docs?lang=${lang}`).expect(200);
    expect(text).toContain(`<html lang="${lang}">`);
    expect(text).not.toContain('apiDocs.');
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('takes no other method', async () => {
    await request(app).post('/api/docs').expect(405).expect('Allow', 'GET, HEAD');
    await request(app).delete('/api/docs/openapi.json').expect(405);
  });

  test('is not there in production, nor is its document', async () => {
    const urls = { webhook: 'https://pay.example', public: 'https://mingdan.example' };
    const gate = mockGate({ production: true, urls, http: Object(undefined), providers: new Map() });
    const inProduction = anApp(database.db, { settings: { mock: gate } }).app;
    for (const path of ['/api/docs', '/api/docs/', '/api/docs/openapi.json'])
      expect((await request(inProduction).get(path).expect(404)).body).toMatchObject({ error: { code: 'not_found' } });
  });
});
