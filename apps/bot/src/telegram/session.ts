import { changed, type Db, row } from '@mingdan/db';
import type { Vault } from '@mingdan/kernel';
import { z } from 'zod';

const PURPOSE = 'bot_sessions.state';
/** Cards that can still be confirmed: what an older button shows is what it orders. */
const CARDS_KEPT = 5;

/** What is known of a birth so far. A missing field was not answered yet; null means "unknown" or "skipped". */
export const partialBirthShape = z.object({
  name: z.string().optional(),
  gender: z.enum(['male', 'female']).optional(),
  calendar: z.enum(['solar', 'lunar']).optional(),
  /** in the calendar's own numbers, 1990-05-15 */
  date: z.string().optional(),
  leap: z.boolean().optional(),
  time: z.string().nullable().optional(),
  place: z.string().nullable().optional(),
  /** the place in the person's own words, for the card */
  typedPlace: z.string().optional(),
});
export type PartialBirth = z.infer<typeof partialBirthShape>;

export const questions = ['name', 'gender', 'calendar', 'date', 'leap', 'time', 'place'] as const;
export type Question = (typeof questions)[number];

const draftShape = z.object({
  /** becomes the order's confirmation id */
  id: z.string(),
  /** slug; null while only the birth is known */
  product: z.string().nullable(),
  birth: partialBirthShape,
  /** what may be asked of a product without birth data */
  question: z.string().optional(),
  /** as it was typed */
  coupon: z.string().optional(),
  /** for somebody else: nothing is asked for */
  gift: z.boolean().optional(),
  /** the gift that pays it */
  claimsGift: z.number().optional(),
  asking: z.enum([...questions, 'card']).nullable(),
  /** the card that this draft changes: it is void as soon as the new one is shown */
  replaces: z.string().optional(),
});
export type Draft = z.infer<typeof draftShape>;

const cardShape = draftShape.pick({
  id: true,
  product: true,
  birth: true,
  question: true,
  coupon: true,
  gift: true,
  claimsGift: true,
});
export type Card = z.infer<typeof cardShape>;

const waitingShape = z.discriminatedUnion('for', [
  z.object({ for: z.literal('withdrawal'), currency: z.string() }),
  z.object({ for: z.literal('refund_reason'), orderNo: z.string() }),
  z.object({ for: z.literal('support') }),
  z.object({ for: z.literal('coupon'), card: z.string() }),
  z.object({ for: z.literal('redpacket'), orderNo: z.string() }),
]);

const sessionShape = z.object({
  draft: draftShape.nullable().default(null),
  cards: z.array(cardShape).default([]),
  /** the next typed line is the answer to this */
  waiting: waitingShape.nullable().default(null),
  /** when a gateway was last asked about an order, milliseconds */
  checks: z.record(z.string(), z.number()).default({}),
});
export type Session = z.infer<typeof sessionShape>;

export const emptySession = (): Session => sessionShape.parse({});

/** Where a chat stands. What cannot be read (an older version wrote it) begins anew. */
export async function loadSession(db: Db, vault: Vault, chatId: number): Promise<Session> {
  const found = await row<{ state: Buffer }>(db, 'select state from bot_sessions where chat_id = :chatId', { chatId });
  if (!found) return emptySession();
  const session = sessionShape.safeParse(vault.open(PURPOSE, found.state));
  return session.success ? session.data : emptySession();
}

export async function saveSession(db: Db, vault: Vault, chatId: number, session: Session): Promise<void> {
  await changed(
    db,
    `insert into bot_sessions (chat_id, state) values (:chatId, :state)
     on conflict (chat_id) do update set state = excluded.state, updated_at = now()`,
    { chatId, state: vault.seal(PURPOSE, session) },
  );
}

/** Remembers what a card shows, so that its button orders just that. */
export function rememberCard(session: Session, card: Card, replaces: string | undefined): void {
  const others = session.cards.filter(({ id }) => id !== card.id && id !== replaces);
  session.cards = [...others, card].slice(-CARDS_KEPT);
}
