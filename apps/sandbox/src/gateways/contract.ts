import type { Logger } from '@mingdan/kernel';
import type { Router } from 'express';
import type { z } from 'zod';
import type { Door } from '../service-door.ts';
import type { BuyerAction } from './till/actions.ts';
import type { Charge, Dispute, IdMaker, Payment, Refund } from './till/ledger.ts';
import type { Notice, NoticeAnswer } from './till/notices.ts';
import type { Till } from './till/till.ts';

export type { BuyerAction } from './till/actions.ts';
export type { Charge, Details, Dispute, IdMaker, NewPayment, NewRefund, Payment, Refund } from './till/ledger.ts';
export { Refused } from './till/ledger.ts';
export type { Notice, NoticeAnswer, SignedNotice } from './till/notices.ts';
export type { Till } from './till/till.ts';

/**
 * One gateway's stand-in: everything that differs from the other gateways. README.md of this folder says how to write one; `index.ts`
 * lists them.
 */
export interface Gateway<Name extends string = string, Keys = unknown> {
  /** as the product names the provider; its routes are under `/<name>` */
  readonly name: Name;
  /** for the panel */
  readonly title: string;
  /** how kept keys are read back from the file */
  readonly keys: z.ZodType<Keys>;
  /** A fresh set for both sides. May be slow (RSA); it is made once and kept. */
  makeKeys(): MadeKeys<Keys>;
  /**
   * The environment that leads our processes here.
   * @param base `http://127.0.0.1:3002/<name>` @param root `http://127.0.0.1:3002`, for clients that drop a path (see `rootPaths`)
   */
  addresses(base: string, root: string): Record<string, string>;
  /** paths such as `/v1` that are answered under the sandbox's root as well, for clients that know hosts only */
  readonly rootPaths?: readonly string[];
  /** waits before the second, third… try of a notice, milliseconds; the gateway's own schedule as far as a sandbox lives to see it */
  readonly retryMs: readonly number[];
  /** how long it waits for an acknowledgement; 10 s when left out */
  readonly noticeTimeoutMs?: number;
  accepts(answer: NoticeAnswer): boolean;
  /** refunds are pending that long before they succeed; 0 when left out: at once */
  readonly refundMs?: number;
  readonly ids: IdMaker;
  /** what the buyer's page offers of the common actions, in order; the first is the big button */
  readonly actions: readonly BuyerAction[];
  /** true: the console can dispute a charge */
  readonly disputes?: boolean;
  readonly page: PageFace;
  /** The protocol itself, with keys and books in hand. */
  open(desk: Desk<Keys>): Stand;
}

export interface MadeKeys<Keys = unknown> {
  /** what the stand-in holds: the gateway's private keys, the merchant's public ones, shared secrets */
  readonly sandbox: Keys;
  /** what our processes get, by the names of the product's settings; without addresses */
  readonly environment: Readonly<Record<string, string>>;
}

/** What a stand-in works with. */
export interface Desk<Keys = unknown> {
  readonly keys: Keys;
  readonly till: Till;
  /** writes calls down and plays faults; for `serviceDoor(door, '<name>', …)` */
  readonly door: Door;
  /** `http://127.0.0.1:3002/<name>`, known once the port is: ask when answering, not before */
  base(): string;
  /** where the merchant's webhooks for this gateway are, as its console is told; '' where nobody has said */
  webhookUrl(): string;
  /** address of a payment's page */
  pageOf(payment: Payment): string;
  readonly log: Logger;
}

export interface Stand {
  /** the gateway's API, mounted at `/<name>`; `/<name>/checkout` is taken by the buyer's page */
  readonly routes: Router;
  /** what the gateway says of an event: no notice, one, or several (Stripe) */
  notices(event: TillEvent): readonly Notice[];
  /** a rightly signed notice of the caller's own making, for tests */
  ownNotice?(payment: Payment, fields: Readonly<Record<string, unknown>>): Notice;
  /** more than the common actions: partly paid coins, delayed methods, authorisations */
  readonly actions?: readonly ExtraAction[];
  /** what /scan shall know beside `payment.codes`: an order string for an app, say */
  scan?(text: string): Payment | undefined;
}

export type TillEvent =
  | { readonly kind: 'paid'; readonly payment: Payment; readonly charge: Charge }
  /** also told out of order, after `paid`, where the panel asks for it */
  | { readonly kind: 'failed'; readonly payment: Payment }
  | { readonly kind: 'processing'; readonly payment: Payment }
  /** by the merchant, or its time is over */
  | { readonly kind: 'closed'; readonly payment: Payment }
  /** made, or its state has changed: look at `refund.status` */
  | { readonly kind: 'refund'; readonly payment: Payment; readonly refund: Refund }
  | { readonly kind: 'dispute'; readonly payment: Payment; readonly dispute: Dispute };

/** A button of one gateway only. */
export interface ExtraAction {
  /** in paths: lower case and dashes */
  readonly name: string;
  readonly label: ActionLabel;
  /** shown while this holds */
  fits(payment: Payment): boolean;
  /** true: its button stands in `page.inset`, and not among the others */
  readonly inInset?: boolean;
  /** @throws Refused */
  run(payment: Payment): Promise<void>;
}

export interface ActionLabel {
  readonly zh: string;
  readonly en: string;
  /** what it plays, in both languages; empty for plain paying */
  readonly note: string;
}

/** How the buyer's page looks; colours come from `theme.css` of the gateway's folder. */
export interface PageFace {
  readonly brand: string;
  /** one or two characters in the logo's square; `theme.css` may lay `logo.svg` of the same folder over it */
  readonly letter: string;
  /** further rows of the facts, as [label, value]; escaped by the page */
  facts?(payment: Payment): readonly (readonly [string, string])[];
  /** HTML of one's own above the buttons: a card form, a coin choice. Escape all that came from outside. */
  inset?(payment: Payment): string;
}
