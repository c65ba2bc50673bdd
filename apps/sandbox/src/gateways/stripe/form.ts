type Tree = { [name: string]: Tree | string };

/** `line_items[0][quantity]=1` as Stripe reads forms and query strings; lists are objects with numbers for names. */
export function treeOf(form: string): Tree {
  const root: Tree = Object.create(null);
  for (const [path, value] of new URLSearchParams(form)) put(root, path.replaceAll(']', '').split('['), value);
  return root;
}

function put(root: Tree, names: readonly string[], value: string): void {
  let at = root;
  names.slice(0, -1).forEach((name) => {
    const next = at[name];
    const tree: Tree = typeof next === 'object' ? next : Object.create(null);
    at[name] = tree;
    at = tree;
  });
  at[names.at(-1) ?? ''] = value;
}

/** Stripe's own refusals, as `{error: {type, code, message}}`. */
export class StripeError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  readonly type: string;
  readonly param: string | undefined;

  constructor(status: number, message: string, more: { code?: string; type?: string; param?: string } = {}) {
    super(message);
    this.status = status;
    this.code = more.code;
    this.type = more.type ?? 'invalid_request_error';
    this.param = more.param;
  }
}
