import { loadEnvironment } from '@mingdan/config';
import { systemClock } from '@mingdan/kernel';
import { createContext } from './context.ts';
import { runCli } from './program.ts';
import { processTerminal } from './terminal.ts';

const context = createContext(processTerminal(), systemClock, () => loadEnvironment({ joinRunning: true }));
process.exitCode = await runCli(process.argv.slice(2), context);
