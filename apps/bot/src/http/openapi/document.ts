import type { Access, Call, Parameter } from './call.ts';
import { tags } from './call.ts';
import { calls } from './calls/index.ts';
import { answerName, bodyName, componentSchemas, errorRef, inlineSchema, type JsonSchema, ref } from './components.ts';

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: Readonly<Record<string, unknown>>;
  readonly jsonSchemaDialect: string;
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

/** The OpenAPI 3.1 document of all calls, made of the schemas that the routes read with. @param publicUrl base of the API */
export function openApiDocument(publicUrl: string): OpenApiDocument {
  const paths: Record<string, Record<string, Operation>> = {};
  for (const call of calls) paths[call.path] = { ...paths[call.path], [call.method]: operationOf(call) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mingdan',
      version: '1',
      description:
        'Pages and API of the bot process. Money is a decimal number, times are ISO 8601 UTC, fields that are not named are ignored.',
    },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    servers: [{ url: publicUrl.replace(/\/$/, '') }],
    tags: Object.values(tags).map((name) => ({ name })),
    paths,
    components: { schemas: componentSchemas(calls), parameters: signatureHeaders, securitySchemes },
  };
}

const bearer = (description: string): JsonSchema => ({ type: 'http', scheme: 'bearer', description });
const securitySchemes: Readonly<Record<string, JsonSchema>> = {
  apiKey: bearer('`Authorization: Bearer <API_KEY>`, for servers'),
  adminToken: bearer('`Authorization: Bearer <ADMIN_TOKEN>`, for operators'),
  session: bearer('the token of POST /api/session, good for an hour'),
  sessionCookie: {
    type: 'apiKey',
    in: 'cookie',
    name: 'mingdan_session',
    description: 'the same as a cookie; changing calls have to come from a page of PUBLIC_URL',
  },
  orderLink: { type: 'apiKey', in: 'query', name: 't', description: "the token of the order's own link" },
};

const signatureHeaders: Readonly<Record<string, JsonSchema>> = {
  timestamp: {
    name: 'X-Timestamp',
    in: 'header',
    description: 'The time in seconds, 300 off at most; required with API_REQUIRE_SIGNATURE=1.',
    schema: { type: 'string', pattern: '^\\d{1,12}$' },
  },
  signature: {
    name: 'X-Signature',
    in: 'header',
    description: 'Hex HMAC-SHA256 under the API key of "<timestamp>.<METHOD> <path with query>\\n<raw body>".',
    schema: { type: 'string', pattern: '^[0-9a-fA-F]{64}$' },
  },
};

const SECURITY: Readonly<Record<Access, readonly string[]>> = {
  anyone: [],
  apiKey: ['apiKey'],
  adminToken: ['adminToken'],
  session: ['session', 'sessionCookie'],
  orderLink: ['orderLink'],
};

function operationOf(call: Call): Operation {
  const { id, tag, summary, description, access, body } = call;
  const parameters = [
    // The token of the link is how one proves oneself, and stands there.
    ...(call.parameters ?? []).filter(({ name }) => name !== 't').map(parameterOf),
    ...(access.includes('apiKey')
      ? Object.keys(signatureHeaders).map((name) => ({ $ref: `#/components/parameters/${name}` }))
      : []),
  ];
  return {
    operationId: id,
    tags: [tags[tag]],
    summary,
    ...(description === undefined ? {} : { description }),
    security: [
      ...(access.includes('anyone') ? [{}] : []),
      ...access.flatMap((each) => SECURITY[each]).map((name) => ({ [name]: [] })),
    ],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: ref(bodyName(call)), example: body.example } },
          },
        }
      : {}),
    responses: responsesOf(call),
  };
}

function parameterOf({ name, in: place, description, schema, example, required = false }: Parameter): object {
  const shown = example === undefined ? {} : { example };
  return { name, in: place, required, description, schema: inlineSchema(schema), ...shown };
}

function responsesOf(call: Call): Record<string, object> {
  const { answer } = call;
  const good = answer.schema
    ? { 'application/json': { schema: ref(answerName(call)) } }
    : { [answer.type]: { schema: { type: 'string' } } };
  const bad = Object.entries(errorCodes(call)).map(([status, codes]) => [
    status,
    {
      description: codes.map((code) => `\`${code}\``).join(', '),
      content: { 'application/json': { schema: errorRef(call) } },
    },
  ]);
  return { 200: { description: answer.description, content: good }, ...Object.fromEntries(bad) };
}

/** What a call may answer beside success, by status. */
export function errorCodes(call: Call): Readonly<Record<number, readonly string[]>> {
  if (!call.path.startsWith('/api/')) return {};
  const own = Object.entries(call.errors ?? {}).flatMap(([status, codes]) => codes.map((code) => [status, code]));
  const all: Record<string, string[]> = {};
  for (const [status = '', code = ''] of [...usualErrors(call), ...own]) {
    all[status] = [...new Set([...(all[status] ?? []), code])];
  }
  return all;
}

/** Those that come of what a call takes and of who may call. */
function usualErrors({ access, method, body, parameters = [] }: Call): readonly (readonly [string, string])[] {
  const needsSomebody = !access.includes('anyone');
  const isSigned = access.includes('session');
  const checksQuery = parameters.some((each) => each.in === 'query' && each.name !== 'lang' && each.name !== 't');
  const when = (applies: boolean, status: string, code: string) => (applies ? ([[status, code]] as const) : []);
  return [
    ...when(body !== undefined, '400', 'bad_request'),
    ...when(needsSomebody, '401', 'unauthorized'),
    ...when(needsSomebody && isSigned, '401', 'session_expired'),
    ...when(access.includes('apiKey'), '401', 'bad_signature'),
    ...when(needsSomebody && isSigned && method !== 'get', '403', 'bad_origin'),
    ...when(body !== undefined, '413', 'body_too_large'),
    ...when(body !== undefined || checksQuery, '422', 'invalid_field'),
    ['429', 'too_many_requests'],
    ['500', 'internal_error'],
    ['503', 'unavailable'],
  ];
}
