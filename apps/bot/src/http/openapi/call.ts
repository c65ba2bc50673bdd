import type { z } from 'zod';

export const tags = {
  catalogue: 'What can be bought',
  orders: 'Orders of the shop',
  payments: 'One API over every gateway',
  sessions: 'Signing in',
  coins: 'Coins',
  miniApp: 'Mini App and memberships',
  mine: "The buyer's own",
  operators: 'Operators and development',
  pages: 'Pages',
} as const;
export type Tag = keyof typeof tags;

/** Who may call. `orderLink` is the token of the signed link of the order, as `?t=`, in the body or as a Bearer token. */
export type Access = 'anyone' | 'apiKey' | 'adminToken' | 'session' | 'orderLink';

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly description: string;
  readonly schema: z.ZodType;
  readonly example?: string | number;
  /** path parameters always are */
  readonly required?: boolean;
}

/** What a call sends: the schema is the one that its route reads with. */
export interface Body {
  readonly schema: z.ZodType;
  readonly example: Readonly<Record<string, unknown>>;
  /** what a field means, by its name, where its name does not say it */
  readonly fields?: Readonly<Record<string, string>>;
  /** a shape in place of the route's own `unknown`, by the name of the field */
  readonly shapes?: Readonly<Record<string, z.ZodType>>;
}

export type Answer =
  | { readonly schema: z.ZodType; readonly description: string }
  | { readonly type: string; readonly description: string; readonly schema?: undefined };

/** One call of the API, described where its route's own schemas are imported. */
export interface Call {
  /** the operationId */
  readonly id: string;
  readonly method: 'get' | 'post' | 'delete';
  /** such as `/api/order-status/{order_no}` */
  readonly path: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** any one of them is enough; together with `anyone` it is optional */
  readonly access: readonly Access[];
  readonly parameters?: readonly Parameter[];
  readonly body?: Body;
  readonly answer: Answer;
  /** codes by status, beside those that every call may answer */
  readonly errors?: Readonly<Record<number, readonly string[]>>;
  /** errors are a text with the code beside it: the three paths of the Mini App */
  readonly errorAsText?: boolean;
}

/** A body whose descriptions name only fields that its schema has. */
export function bodyOf<T extends z.ZodObject>(
  schema: T,
  example: z.input<T>,
  more: {
    readonly fields?: Partial<Record<keyof z.input<T> & string, string>>;
    readonly shapes?: Partial<Record<keyof z.input<T> & string, z.ZodType>>;
  } = {},
): Body {
  const { fields, shapes } = more;
  return {
    schema,
    example,
    ...(fields === undefined ? {} : { fields: written(fields) }),
    ...(shapes === undefined ? {} : { shapes: written(shapes) }),
  };
}

function written<T>(parts: Partial<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(parts).flatMap(([key, part]) => (part === undefined ? [] : [[key, part]])));
}
