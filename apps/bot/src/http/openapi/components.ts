import { z } from 'zod';
import type { Body, Call } from './call.ts';
import { miniAppError, plainError, shapeNames } from './shapes.ts';

/** A schema of the document; the library's own type is wider than what it makes. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const objectSchema = z.looseObject({
  properties: z.record(z.string(), z.looseObject({})),
  required: z.array(z.string()).optional(),
});

export const ref = (id: string): JsonSchema => ({ $ref: `#/components/schemas/${id}` });
export const errorRef = ({ errorAsText }: Call): JsonSchema =>
  ref(shapeNames.get(errorAsText ? miniAppError : plainError) ?? 'Error');

export const bodyName = ({ id }: Call): string => `${capital(id)}Body`;
export const answerName = ({ id, answer }: Call): string =>
  (answer.schema && shapeNames.get(answer.schema)) ?? `${capital(id)}Answer`;

/** Every body and answer of these calls, and what they are made of, by name. */
export function componentSchemas(calls: readonly Call[]): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [schema, id] of shapeNames) registry.add(schema, { id });
  for (const call of calls) {
    if (call.answer.schema && !shapeNames.has(call.answer.schema))
      registry.add(call.answer.schema, { id: answerName(call) });
    if (call.body) registry.add(call.body.schema, { id: bodyName(call) });
  }
  const { schemas } = z.toJSONSchema(registry, { ...options, uri: (id) => `#/components/schemas/${id}` });
  const found = Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, plain(schema)]));
  for (const call of calls) {
    const schema = call.body && found[bodyName(call)];
    if (call.body && schema) found[bodyName(call)] = described(schema, call.body);
  }
  return found;
}

/** A small schema that has no name, such as a parameter's. */
export function inlineSchema(schema: z.ZodType): JsonSchema {
  const id = shapeNames.get(schema);
  return id === undefined ? plain(z.toJSONSchema(schema, options)) : ref(id);
}

const options = {
  // What callers may send and leave out, not what our defaults make of it.
  io: 'input',
  unrepresentable: 'any',
  override: ({ jsonSchema }: { jsonSchema: Record<string, unknown> }) => {
    // A page long, and said by the format already.
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
    const object = objectSchema.safeParse(jsonSchema).data;
    if (!object?.required) return;
    // Zod takes a missing field where anything is allowed; its JSON schema says otherwise.
    const required = object.required.filter((name) => Object.keys(object.properties[name] ?? {}).length > 0);
    if (required.length === 0) delete jsonSchema.required;
    else jsonSchema.required = required;
  },
} as const;

function described(schema: JsonSchema, { fields = {}, shapes: more = {} }: Body): JsonSchema {
  const object = objectSchema.safeParse(schema).data;
  if (!object) return schema;
  const properties = Object.entries(object.properties).map(([name, property]) => {
    const shape = more[name];
    const description = fields[name];
    return [
      name,
      { ...(shape ? inlineSchema(shape) : property), ...(description === undefined ? {} : { description }) },
    ];
  });
  return { ...schema, properties: Object.fromEntries(properties) };
}

function plain({ $schema: _dialect, $id: _address, '~standard': _functions, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
