import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { registerBazi } from './commands/bazi.ts';
import { registerCoins } from './commands/coins.ts';
import { registerCoupons } from './commands/coupons.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerGateways } from './commands/gateways.ts';
import { registerInbox } from './commands/inbox.ts';
import { registerKeys } from './commands/keys.ts';
import { registerMaintenance } from './commands/maintenance.ts';
import { registerMembership } from './commands/membership.ts';
import { registerMigrate } from './commands/migrate.ts';
import { registerNotices } from './commands/notices.ts';
import { registerOrders } from './commands/orders/index.ts';
import { registerProducts } from './commands/products.ts';
import { registerPromoters } from './commands/promoters.ts';
import { registerReconcile } from './commands/reconcile.ts';
import { registerRedPacket } from './commands/redpacket.ts';
import { registerSettings } from './commands/settings.ts';
import { registerStats } from './commands/stats.ts';
import { registerStock } from './commands/stock.ts';
import { registerWechat } from './commands/wechat.ts';
import type { Context } from './context.ts';
import { failureOf } from './failure.ts';

export function createProgram(context: Context): Command {
  const program = new Command('mingdan')
    .description('Operates a Mingdan shop.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.terminal.out(text.trimEnd()),
      writeErr: (text) => context.terminal.err(text.trimEnd()),
    })
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
    .showHelpAfterError('Add --help to see how it is used.');
  for (const register of [
    registerMigrate,
    registerDoctor,
    registerOrders,
    registerStats,
    registerInbox,
    registerNotices,
    registerRedPacket,
    registerCoins,
    registerMembership,
    registerStock,
    registerReconcile,
    registerGateways,
    registerMaintenance,
    registerSettings,
    registerProducts,
    registerPromoters,
    registerCoupons,
    registerWechat,
    registerBazi,
    registerKeys,
  ]) {
    register(program, context);
  }
  return program;
}

const USAGE = 2;

/** @returns the exit code: 0 done, 1 it failed or is not there, 2 used wrongly */
export async function runCli(args: readonly string[], context: Context): Promise<number> {
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    // What commander finds wrong by itself, it has told already.
    if (error instanceof InvalidArgumentError) context.terminal.err(`error: ${error.message}`);
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
    const failure = failureOf(error);
    if (args.includes('--json')) await context.terminal.out(JSON.stringify({ error: failure }));
    else context.terminal.err(`${failure.message}\n→ ${failure.hint}`);
    return 1;
  }
}
