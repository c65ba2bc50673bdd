/** One line of `doctor`: the wording lies under `doctor.<check>.<key>` of the locale files, and says what to do where it is not `ok`. */
export interface Finding {
  readonly check: CheckName;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly key: string;
  readonly params?: Readonly<Record<string, string | number>>;
}

export const checkNames = [
  'settings',
  'database',
  'clock',
  'keys',
  'telegram',
  'deepseek',
  'bazi',
  'mail',
  'gateway',
  'certificate',
  'notices',
  'offer',
] as const;
export type CheckName = (typeof checkNames)[number];

type Params = Finding['params'];

/** The three kinds of finding of one check. */
export function findingsOf(check: CheckName) {
  const make =
    (state: Finding['state']) =>
    (key: string, params?: Params): Finding => ({ check, state, key, ...(params === undefined ? {} : { params }) });
  return { ok: make('ok'), warn: make('warn'), fail: make('fail') };
}

export const CALL_TIMEOUT_MS = 10_000;
