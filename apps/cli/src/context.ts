import { type CliReading, type Environment, readCliConfig } from '@mingdan/config';
import type { Clock } from '@mingdan/kernel';
import type { Terminal } from './terminal.ts';
import { createTexts, type Texts } from './texts.ts';

/** What every command gets. Settings are read when they are first asked for: `bazi` and `--help` need none. */
export interface Context {
  readonly terminal: Terminal;
  readonly clock: Clock;
  environment(): Environment;
  settings(): CliReading;
  /** in OPERATOR_LANGUAGE */
  texts(): Texts;
  /** what the process ends with */
  exitCode: number;
}

export function createContext(terminal: Terminal, clock: Clock, loadEnvironment: () => Environment): Context {
  const environment = once(loadEnvironment);
  const settings = once(() => readCliConfig(environment()));
  const texts = once(() => createTexts(settings().config.operatorLanguage));
  return { terminal, clock, environment, settings, texts, exitCode: 0 };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
