import type { Command } from 'commander';
import type { Context } from './context.ts';

/** What a command has to say: to a script, and to a person. */
export interface Answer {
  readonly json: unknown;
  readonly lines: readonly string[];
  /** it could not do what it was asked: exit code 1 */
  readonly failed?: boolean;
}

type Options = Readonly<Record<string, unknown>>;

/**
 * Adds a command that answers. `spec` is its name with its arguments, as commander writes them.
 * @returns the command, for options of its own
 */
export function answering(
  parent: Command,
  context: Context,
  spec: string,
  description: string,
  work: (args: readonly string[], options: Options) => Promise<Answer>,
): Command {
  const command = parent.command(spec).description(description).option('--json', 'answer in JSON, for scripts');
  return command.action(async () => {
    const options = command.opts();
    const answer = await work(command.args, options);
    const text = options.json ? JSON.stringify(answer.json) : answer.lines.join('\n');
    if (text !== '') await context.terminal.out(text);
    if (answer.failed) context.exitCode = 1;
  });
}

/** A group of commands: by itself it only shows what there is. */
export function group(parent: Command, name: string, description: string): Command {
  return parent.command(name).description(description);
}
