import { deliverByHand } from '@mingdan/operations';
import { type Command, InvalidArgumentError } from 'commander';
import { answering } from '../../answer.ts';
import { orderNumberArgument } from '../../arguments.ts';
import type { Context } from '../../context.ts';
import { withOperations } from '../../deps.ts';
import { operatorName } from '../../operator.ts';

const LONGEST_NOTE = 1_000;

export function registerDeliver(orders: Command, context: Context): void {
  answering(
    orders,
    context,
    'deliver <order_no>',
    'You have delivered goods by hand: the order goes on, and its buyer reads your note.',
    async ([text = ''], options) => {
      const orderNo = orderNumberArgument(text);
      const note = String(options.note ?? '').trim();
      if (note === '' || note.length > LONGEST_NOTE)
        throw new InvalidArgumentError(`--note takes 1 to ${LONGEST_NOTE} characters.`);
      const by = operatorName(options.operator);
      const outcome = await withOperations(context, (deps) => deliverByHand(deps, { orderNo, note, by }));
      return {
        json: { order_no: orderNo, outcome },
        lines: [context.texts().t(`delivering.${outcome}`, { orderNo })],
      };
    },
  )
    .requiredOption('--note <text>', "said to the buyer; write it in the buyer's language")
    .option('--operator <name>', 'who delivered it, for the record; the login name when left out');
}
