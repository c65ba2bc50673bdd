import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import type { Context } from '../context.ts';

export function registerBazi(program: Command, context: Context): void {
  const command = program
    .command('bazi [birth]')
    .description('Compute a chart from a birth in JSON. Needs no settings and no database.')
    .option('--jsonl', 'read one JSON object a line from standard input, write one line each, in order')
    .option('--json', 'the answer is JSON anyway')
    .addHelpText(
      'after',
      `\nExamples:\n  mingdan bazi '{"date":"1990-05-15","time":"14:30","gender":"male","place":"成都"}'\n  mingdan bazi --jsonl < births.jsonl > charts.jsonl`,
    );
  command.action(async (birth: string | undefined, options: { jsonl?: boolean }) => {
    if (options.jsonl) return answerLines(context);
    if (birth === undefined) return command.error('error: give a birth as JSON, or --jsonl');
    const { answerJsonLine } = await import('@mingdan/bazi');
    const answer = answerJsonLine(birth, context.clock.now());
    await context.terminal.out(answer);
    if ('error' in JSON.parse(answer)) context.exitCode = 1;
  });
}

/** Each line is answered as it comes. A bad line gets its error as its answer, so the exit code stays 0. */
async function answerLines({ terminal, clock }: Context): Promise<void> {
  const { answerJsonLine } = await import('@mingdan/bazi');
  for await (const line of createInterface({ input: terminal.input, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() !== '') await terminal.out(answerJsonLine(line, clock.now()));
  }
}
