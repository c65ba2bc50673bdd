import pretty from 'pino-pretty';

const COLOURS: Readonly<Record<string, string>> = { webhook: '\u001b[36m', bot: '\u001b[35m', sandbox: '\u001b[90m' };

/** Turns the JSON lines of the processes into lines for people, each with the name of its process in front. */
export function logPrinter(write: (text: string) => void, colour: boolean): (name: string, line: string) => void {
  const format = pretty.prettyFactory({
    colorize: colour,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,process',
    singleLine: true,
  });
  return (name, line) => {
    const text = line.startsWith('{') ? format(line) : `${line}\n`;
    const label = name.padEnd(8);
    write(`${colour ? `${COLOURS[name] ?? ''}${label}\u001b[0m` : label}${text ?? ''}`);
  };
}
