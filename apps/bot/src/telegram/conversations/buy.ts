import { BirthError } from '@mingdan/bazi';
import { randomToken } from '@mingdan/kernel';
import { findProduct, type Product, readMaintenance } from '@mingdan/orders';
import { localised, type RenderedButton } from '../../texts.ts';
import { ask, problemText, suggestionButtons } from '../birth/ask.ts';
import { birthCardText, plainCardText } from '../birth/card-text.ts';
import { merge, missing } from '../birth/merge.ts';
import {
  isAboutMoney,
  type Problem,
  questionOf,
  type Reading,
  readAnswer,
  readBareDate,
  readFirstLine,
  readLine,
} from '../birth/read-answer.ts';
import { type Draft, type PartialBirth, type Question, questions, rememberCard } from '../session.ts';
import type { Talk } from '../talk.ts';
import { extraButtons, giftButton } from './coupon.ts';
import { showGoodsCard } from './goods-card.ts';
import { cardPrice } from './prices.ts';
import { showMenu } from './start.ts';

const LONGEST_QUESTION = 200;

function newDraft(product: string | null, birth: PartialBirth): Draft {
  return { id: randomToken(9), product, birth, asking: null };
}

/** `buy:<slug>`: what was typed for another product is kept. @param claimsGift what pays for it, where that is a gift */
export async function chooseProduct(talk: Talk, slug: string, claimsGift?: number): Promise<void> {
  const product = await findProduct(talk.services.db, slug);
  if (!product) return showMenu(talk, talk.t('chat.unknown_product'));
  if (await saysMaintenance(talk)) return;
  if (product.stock === 0) return showMenu(talk, talk.t('buy.sold_out', { product: product.names }));
  if (product.kind !== 'report') return showGoodsCard(talk, product);
  const before = talk.session.draft;
  const draft = newDraft(slug, before?.birth ?? {});
  // In the middle of changing a card; another product out of the menu is a card beside it.
  if (before?.replaces !== undefined) draft.replaces = before.replaces;
  // Its price is kept with it, and so is a gift while its birth is being typed.
  if (before?.product === slug) Object.assign(draft, priceOfCard(before));
  if (claimsGift !== undefined) draft.claimsGift = claimsGift;
  talk.session.draft = draft;
  talk.session.waiting = null;
  const fresh = Object.keys(draft.birth).length === 0;
  const params = { product: product.names };
  const kept = talk.t(fresh ? 'ask.intro' : 'ask.kept', params);
  const above = draft.claimsGift === undefined ? kept : `${talk.t('gift.intro', params)}\n\n${kept}`;
  await goOn(talk, draft, product, above, giftButton(talk, product, draft));
}

/** True after saying that no new orders are taken: nobody types a whole birth for nothing. */
export async function saysMaintenance(talk: Talk): Promise<boolean> {
  const { on, message } = await readMaintenance(talk.services.db);
  if (on) await talk.say(message === null ? talk.t('buy.maintenance') : localised(message, talk.language));
  return on;
}

/** The next open question, or the card when nothing is open. */
async function goOn(
  talk: Talk,
  draft: Draft,
  product: Product,
  above = '',
  more: readonly RenderedButton[] = [],
): Promise<void> {
  const next = product.input === 'birth' ? missing(draft.birth) : undefined;
  draft.asking = next ?? 'card';
  if (next === undefined) return showCard(talk, draft, product);
  await ask(talk, draft, next, above, more);
}

/** What of a card decides its price, where it has any of it. */
export function priceOfCard({ coupon, claimsGift }: Pick<Draft, 'coupon' | 'claimsGift'>) {
  return { ...(coupon === undefined ? {} : { coupon }), ...(claimsGift === undefined ? {} : { claimsGift }) };
}

export async function showCard(talk: Talk, draft: Draft, product: Product): Promise<void> {
  const price = await cardPrice(talk, product, draft);
  let text: string;
  try {
    text =
      product.input === 'birth'
        ? birthCardText(talk, product, price, draft.birth)
        : plainCardText(talk, product, price, draft.question);
  } catch (error) {
    if (!(error instanceof BirthError)) throw error;
    return askAgain(talk, draft, product, { code: error.code, question: questionOf(error.field) });
  }
  await talk.say(text, [
    [talk.button('confirm', `confirm:${draft.id}`)],
    [
      ...(product.input === 'birth' ? [talk.button('edit', `edit:${draft.id}`)] : []),
      talk.button('cancel', `cancel:${draft.id}`),
    ],
    extraButtons(talk, product, draft),
  ]);
  rememberCard(
    talk.session,
    { id: draft.id, product: draft.product, birth: draft.birth, question: draft.question, ...priceOfCard(draft) },
    draft.replaces,
  );
  delete draft.replaces;
}

/** A birth that was fine when it was typed and is not any more (the tables changed): only that part is asked again. */
async function askAgain(talk: Talk, draft: Draft, product: Product, problem: Problem): Promise<void> {
  delete draft.birth[problem.question];
  await goOn(talk, draft, product, problemText(talk, problem));
}

/** A typed line. @returns false where it belongs to no purchase */
export async function answerTyped(talk: Talk, text: string): Promise<boolean> {
  const { draft } = talk.session;
  const now = talk.services.clock.now();
  const product = draft?.product ? await findProduct(talk.services.db, draft.product) : undefined;
  if (!draft || !product) return birthWithoutProduct(talk, draft, text);
  if (product.input === 'none') return takeQuestion(talk, draft, product, text);
  const answers = draft.asking !== null && draft.asking !== 'card';
  if (!answers && isAboutMoney(text)) return false;
  const reading =
    draft.asking === null || draft.asking === 'card'
      ? (readLine(text, now) ?? readBareDate(text, draft.birth, now))
      : readAnswer(draft.asking, text, draft.birth, now);
  if (!reading) {
    await talk.say(`${talk.t('ask.not_understood')}\n${talk.t('ask.kept')}\n\n${talk.t('ask.use_buttons')}`);
    return true;
  }
  await take(talk, draft.asking === 'card' ? freshId(draft) : draft, product, reading);
  return true;
}

/** What a card shows never changes: changing something makes a new card under a new id. */
function freshId(draft: Draft): Draft {
  return { ...draft, id: randomToken(9), replaces: draft.id };
}

async function take(talk: Talk, draft: Draft, product: Product, reading: Reading): Promise<void> {
  const merged = merge(draft.birth, reading.fields, talk.services.clock.now());
  draft.birth = merged.birth;
  talk.session.draft = draft;
  const problem = reading.problem ?? merged.problem;
  if (!problem) return goOn(talk, draft, product);
  await refuse(talk, draft, problem);
}

/** One friendly line that says what to type instead, and the question again. */
async function refuse(talk: Talk, draft: Draft, problem: Problem): Promise<void> {
  draft.asking = problem.question;
  if (problem.suggestions && problem.suggestions.length > 0) {
    return talk.say(problemText(talk, problem), suggestionButtons(talk, draft, problem));
  }
  await ask(talk, draft, problem.question, `${problemText(talk, problem)}\n${talk.t('ask.kept')}`);
}

/** A whole line out of the blue: it is kept, and the product is asked for. */
async function birthWithoutProduct(talk: Talk, draft: Draft | null, text: string): Promise<boolean> {
  const now = talk.services.clock.now();
  const reading = readFirstLine(text, now) ?? (draft ? readBareDate(text, draft.birth, now) : undefined);
  if (!reading) return false;
  const started = draft ?? newDraft(null, {});
  const merged = merge(started.birth, reading.fields, now);
  talk.session.draft = { ...started, birth: merged.birth, product: null, asking: null };
  const problem = reading.problem ?? merged.problem;
  const head = problem
    ? `${problemText(talk, problem)}\n${talk.t('chat.rest_kept')}\n\n${talk.t('chat.menu_again')}`
    : talk.t('chat.which_product');
  await showMenu(talk, head, 'report');
  return true;
}

async function takeQuestion(talk: Talk, draft: Draft, product: Product, text: string): Promise<boolean> {
  if (text.length > LONGEST_QUESTION) {
    await talk.say(talk.t('errors.question_too_long', { max: LONGEST_QUESTION }));
    return true;
  }
  const changed = { ...freshId(draft), question: text };
  talk.session.draft = changed;
  await goOn(talk, changed, product);
  return true;
}

/** `set:<draft>:<question>:<value>` */
export async function answerPressed(talk: Talk, id: string, question: string, value: string): Promise<void> {
  const { draft } = talk.session;
  const product = draft?.product ? await findProduct(talk.services.db, draft.product) : undefined;
  if (!draft || !product) return showMenu(talk, talk.t('chat.old_button'));
  const asked = questions.find((one) => one === question);
  if (draft.id !== id || asked === undefined || draft.asking === 'card') return repeat(talk, draft, product);
  await take(talk, draft, product, pressed(talk, asked, value));
}

async function repeat(talk: Talk, draft: Draft, product: Product): Promise<void> {
  talk.toast = talk.t('chat.old_button');
  if (draft.asking !== 'card') await goOn(talk, draft, product, talk.t('ask.stale'));
}

function pressed(talk: Talk, question: Question, value: string): Reading {
  const now = talk.services.clock.now();
  switch (question) {
    case 'name':
      return { fields: { name: talk.firstName.trim().slice(0, 30) || '—' } };
    case 'calendar':
      return { fields: { calendar: value === 'lunar' ? 'lunar' : 'solar' } };
    case 'leap':
      return { fields: { leap: value === 'yes' } };
    case 'time':
      return { fields: { time: value === 'unknown' ? null : value } };
    default:
      return readAnswer(question, value, {}, now);
  }
}
