export interface MingdanErrorOptions {
  /** One line for the operator: what to do about it. */
  hint: string;
  cause?: unknown;
}

/** Base of every error we throw on purpose. `code` is stable and machine-readable; the message never holds a secret or personal data. */
export class MingdanError extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, options: MingdanErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error || (typeof error === 'object' && error !== null && 'message' in error)
    ? String(error.message)
    : String(error);
}
