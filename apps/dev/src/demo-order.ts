import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { buttonsOf, type ChatMessage, ChatUser } from './chat-user.ts';
import type { System } from './system.ts';

export type Step = <T>(title: string, work: () => Promise<T>, about?: (result: T) => string) => Promise<T>;

/** One of the sandbox's people, who speaks Chinese. */
const BUYER = 1001;
const BIRTH = '张三 男 1990-05-15 14:30 北京';
const ANSWER_WITHIN_MS = 10_000;
const REPORT_WITHIN_MS = 45_000;
const ORDER_NUMBER = /REPORT_\d{8}_[0-9A-Z]{8,}/;

/** Buys `bazi-basic` in the sandbox's chat, pays at PingPong's checkout and waits for the delivered report. */
export async function buyReport(system: System, step: Step): Promise<void> {
  const { sandbox, botUrl } = system;
  if (!sandbox) throw new Error('the demo needs the sandbox');
  const user = new ChatUser(sandbox.chatApi, BUYER);
  await user.open();
  try {
    const menu = await step('/start greets with the products', () =>
      answer(user, () => user.start(), withButton('buy:bazi-basic')),
    );
    await step(
      'buy:bazi-basic asks for the birth data',
      () => answer(user, () => user.press(menu, 'buy:bazi-basic'), isText),
      firstLine,
    );
    const card = await step(
      'one line with everything is understood',
      () => answer(user, () => user.say(BIRTH), withButton('confirm:')),
      firstLine,
    );
    const confirm =
      buttonsOf(card).find(({ callback_data: data }) => data?.startsWith('confirm:'))?.callback_data ?? '';
    const payable = await step(
      'confirm makes the order and its payment',
      () => answer(user, () => user.press(card, confirm), paymentUrl),
      orderNoOf,
    );
    const orderNo = orderNoOf(payable);
    const before = user.last();
    await step('the buyer pays at the checkout', () => payAt(paymentUrl(payable) ?? ''));
    await step(
      'the bot says that it is paid',
      () => user.sees((found) => found.text.includes(orderNo), before, ANSWER_WITHIN_MS),
      firstLine,
    );
    await step('the report is written and delivered', () => delivered(botUrl, orderNo));
    await step(
      'the buyer has it in the chat',
      () => inChat(user, before),
      (parts) => `${parts.length} messages, ${parts.join('').length} characters`,
    );
  } finally {
    user.close();
  }
}

async function answer(
  user: ChatUser,
  act: () => Promise<void>,
  fits: (found: ChatMessage) => unknown,
): Promise<ChatMessage> {
  const before = user.last();
  await act();
  return user.sees((found) => Boolean(fits(found)), before, ANSWER_WITHIN_MS);
}

function withButton(data: string): (found: ChatMessage) => boolean {
  return (found) => buttonsOf(found).some((each) => each.callback_data?.startsWith(data));
}

function isText(found: ChatMessage): boolean {
  return found.text !== '';
}

function firstLine(found: ChatMessage): string {
  return `“${found.text.split('\n')[0] ?? ''}”`;
}

function paymentUrl(found: ChatMessage): string | undefined {
  return buttonsOf(found).find(({ url }) => url !== undefined)?.url;
}

function orderNoOf(found: ChatMessage): string {
  const orderNo = ORDER_NUMBER.exec(found.text)?.[0];
  if (!orderNo) throw new Error(`no order number in “${found.text}”`);
  return orderNo;
}

/** The page's green button is a form of its own. */
async function payAt(url: string): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  const page = await fetch(url, { signal });
  if (!page.ok) throw new Error(`the checkout answers ${page.status}`);
  const paid = await fetch(`${url}/pay`, { method: 'POST', signal });
  if (!paid.ok) throw new Error(`the payment is answered ${paid.status}`);
}

const state = z.object({ data: z.object({ status: z.string(), delivery: z.string().optional() }) });

async function delivered(botUrl: string, orderNo: string): Promise<void> {
  const end = Date.now() + REPORT_WITHIN_MS;
  for (;;) {
    const found = await fetch(`${botUrl}/api/order-status/${orderNo}`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const { data } = state.parse(await found.json());
    if (data.status === 'completed' && data.delivery === 'delivered') return;
    if (data.status === 'failed') throw new Error('the order failed');
    if (Date.now() > end)
      throw new Error(`after ${REPORT_WITHIN_MS / 1_000} s the order is ${data.status}, its delivery ${data.delivery}`);
    await sleep(200);
  }
}

/** Paid, title, at least one part, closing line. */
async function inChat(user: ChatUser, after: number): Promise<string[]> {
  const texts = user.written(after).map(({ text }) => text);
  if (texts.length < 4 || texts.join('').length < 500)
    throw new Error(`only ${texts.length} messages came: ${texts.join(' | ').slice(0, 300)}`);
  return texts;
}
