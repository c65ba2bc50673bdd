import type { Command } from 'commander';
import { group } from '../../answer.ts';
import type { Context } from '../../context.ts';
import { registerCheck } from './check.ts';
import { registerDeliver } from './deliver.ts';
import { registerExpire } from './expire.ts';
import { registerList } from './list.ts';
import { registerRefund } from './refund.ts';
import { registerResend } from './resend.ts';
import { registerRetry } from './retry.ts';
import { registerShow } from './show.ts';

export function registerOrders(program: Command, context: Context): void {
  const orders = group(program, 'orders', 'Look at orders, and act on one.');
  for (const register of [
    registerList,
    registerShow,
    registerCheck,
    registerRetry,
    registerResend,
    registerDeliver,
    registerRefund,
    registerExpire,
  ]) {
    register(orders, context);
  }
}
