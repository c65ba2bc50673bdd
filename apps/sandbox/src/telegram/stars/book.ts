import type { Person } from '../world.ts';
import type { Checkout, StarMove } from './types.ts';

export interface Entry {
  readonly person: Person;
  readonly move: StarMove;
}

/** How long Telegram waits for the answer to a pre-checkout query. */
const PRE_CHECKOUT_MS = 10_000;

/** The bot's account of Stars. The moves lie with the people, so that they are kept where the people are. */
export class StarBook {
  preCheckoutMs = PRE_CHECKOUT_MS;
  /** what the bot's owner took out; without it the bot could always give back */
  withdrawn = 0;
  readonly checkouts = new Map<string, Checkout>();
  private readonly people: () => readonly Person[];

  constructor(people: () => readonly Person[]) {
    this.people = people;
  }

  /** Oldest first, as Telegram lists them. */
  entries(): Entry[] {
    const all = this.people().flatMap((person) => person.starMoves.map((move) => ({ person, move })));
    return all.sort((one, other) => one.move.place - other.move.place);
  }

  balance(): number {
    const moved = this.entries().map(({ move }) => (move.kind === 'payment' ? move.stars : -move.stars));
    return moved.reduce((sum, stars) => sum + stars, 0) - this.withdrawn;
  }

  find(chargeId: string, kind: StarMove['kind']): Entry | undefined {
    return this.entries().find(({ move }) => move.chargeId === chargeId && move.kind === kind);
  }

  write(person: Person, move: Omit<StarMove, 'at' | 'place'>): StarMove {
    const place = (this.entries().at(-1)?.move.place ?? 0) + 1;
    const written = { ...move, at: Date.now(), place };
    person.starMoves.push(written);
    person.stars += move.kind === 'payment' ? -move.stars : move.stars;
    return written;
  }
}
