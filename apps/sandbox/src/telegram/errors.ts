/** A refusal in Telegram's own words. */
export class BotApiError extends Error {
  readonly status: number;
  readonly parameters: { retry_after?: number };

  constructor(status: number, description: string, parameters: { retry_after?: number } = {}) {
    super(description);
    this.status = status;
    this.parameters = parameters;
  }
}

export function badRequest(what: string): BotApiError {
  return new BotApiError(400, `Bad Request: ${what}`);
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/** The body of a refusal, as Telegram sends it. */
export function refusal(status: number, description?: string, parameters: { retry_after?: number } = {}) {
  return {
    ok: false,
    error_code: status,
    description: description ?? TITLES[status] ?? 'Error',
    ...(Object.keys(parameters).length > 0 && { parameters }),
  };
}
