import { BotApiError, badRequest } from './errors.ts';
import type { FloodControl } from './flood.ts';
import type { Input } from './input.ts';
import type { UpdateQueue } from './updates.ts';
import type { Person, World } from './world.ts';

/** A button that was pressed, until the bot has answered. */
export interface OpenQuery {
  readonly personId: number;
  answered: { text: string; alert: boolean; url: string } | null;
}

export interface BotContext {
  readonly world: World;
  readonly updates: UpdateQueue;
  readonly flood: FloodControl;
  readonly queries: Map<string, OpenQuery>;
}

/** One Bot API method: its result, or a BotApiError. */
export type Method = (context: BotContext, input: Input) => unknown;

/** Somebody the bot may write to. @throws BotApiError 400 for strangers, 403 for people who blocked the bot */
export function reachable(context: BotContext, id: number): Person {
  const person = context.world.get(id);
  if (!person.started) throw badRequest('chat not found');
  if (person.blocked) throw new BotApiError(403, 'Forbidden: bot was blocked by the user');
  return person;
}
