import { z } from 'zod';
import type { ConfirmingDeps } from '../../confirm.ts';

export interface GoodsDeps extends ConfirmingDeps {
  /** the signed address where the buyer reads the codes on any screen */
  readonly orderLink: (orderNo: string) => string;
}

/** The step that a person finishes: `mingdan orders deliver` writes its result. */
export const BY_HAND = 'by_hand';

/** What the person who handed it over wrote to the buyer. */
export const handedOverSchema = z.object({ note: z.string(), by: z.string() });
export type HandedOver = z.infer<typeof handedOverSchema>;
