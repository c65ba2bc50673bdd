import pino from 'pino';

export type Logger = pino.Logger;

export interface LogOptions {
  /** which process writes: webhook, bot, cli, sandbox */
  process: string;
  level?: string;
  /** where lines go; stdout when left out */
  destination?: { write(line: string): void };
}

/** Names under which a secret or personal data could ride along in a logged object. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'apiKey',
  'api_key',
  'privateKey',
  'input',
  'birth',
  'name',
  'email',
  'text',
  'payload',
  'body',
  'raw',
];

/** JSON lines. Bind the order number once (`log.child({ order_no })`) and it stands on every line about that order. */
export function createLogger(options: LogOptions): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { process: options.process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
      serializers: { err: logError, error: logError },
    },
    options.destination ?? pino.destination({ sync: true }),
  );
}

/** An error as logged: type, code, message, hint, stack, and causes; no properties that a library hung onto it (requests hold keys). */
function logError(error: unknown, depth = 0): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { name, code, message, hint, stack, cause, status } = error as Record<string, unknown>;
  return {
    type: name,
    code,
    status,
    message: redactUrls(String(message)),
    hint,
    stack: typeof stack === 'string' ? redactUrls(stack) : undefined,
    cause: cause === undefined || depth > 3 ? undefined : logError(cause, depth + 1),
  };
}

/** Telegram's URLs hold the bot token, database URLs the password. */
function redactUrls(text: string): string {
  return text.replace(/\/bot\d+:[\w-]+/g, '/bot[redacted]').replace(/(\w+:\/\/[^\s:/@]+:)[^\s@]+@/g, '$1[redacted]@');
}
