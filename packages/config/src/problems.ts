import { MingdanError } from '@mingdan/kernel';

/** How a variable is described to people: once, here, for messages, `.env.example` and `doctor`. */
export interface Description {
  /** what is expected, as the end of a sentence */
  expected: string;
  example: string;
  /** the example is a sample of a secret: set to exactly that, the variable counts as missing */
  secret?: boolean;
  /** what to do without it outside production */
  development?: string;
}

/** One thing that is wrong. Never holds the value. */
export interface Problem {
  readonly variable: string;
  readonly kind: 'missing' | 'placeholder' | 'invalid' | 'partial' | 'refused';
  readonly expected: string;
  readonly example: string;
  /** what is wrong with it beyond that, in English */
  readonly why?: string;
  /** the whole of it in one English line */
  readonly line: string;
}

const WORDS = {
  missing: 'is missing',
  placeholder: 'holds a placeholder, which counts as missing',
  invalid: 'is not valid',
  partial: 'is missing, while other keys of its provider are set',
  refused: 'cannot be used here',
} as const;

export function problem(kind: Problem['kind'], variable: string, about: Description, more?: string): Problem {
  const { expected, example } = about;
  const line = `${variable} ${WORDS[kind]}: expected ${expected}, for example ${example}${more ? ` (${more})` : ''}`;
  return { variable, kind, expected, example, line, ...(more ? { why: more } : {}) };
}

/** Something that stops nobody, but that an operator should know. */
export interface Warning {
  readonly code:
    | 'placeholder'
    | 'no_alarms'
    | 'no_mail'
    | 'no_trust_proxy'
    | 'odd_token'
    | 'short_key'
    | 'old_wechat_keys'
    | 'notify_query'
    | 'notify_slash'
    | 'no_provider';
  /** the variable or provider that it is about */
  readonly subject: string;
  readonly text: string;
}

/** Everything that is wrong with the environment, one line each. */
export class ConfigError extends MingdanError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super('bad_config', problems.map(({ line }) => line).join('\n'), {
      hint: 'Set these in the environment or in .env (.env.example lists all of them), then start again',
    });
    this.problems = problems;
  }
}
