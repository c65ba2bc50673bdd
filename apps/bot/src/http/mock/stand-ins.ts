import type { ProviderName } from '@mingdan/payments';
import { z } from 'zod';
import type { HttpDeps, MockGate } from '../deps.ts';
import { HttpError } from '../errors.ts';
import { ask } from './ask.ts';
import type { Outcome, PlayedPayment } from './play.ts';

/** Telegram waits ten seconds for the bot's yes. */
const SANDBOX = { who: 'The sandbox', withinMs: 12_000 };

/** What comes nearest to a payment that fails, by what each gateway tells: where a declined try ends nothing, its time runs out. */
const FAILURES: Partial<Record<ProviderName, string>> = { alipay: 'end', stripe: 'end', oxapay: 'run-out' };

/** The stand-in of the payment's own gateway, which sends that gateway's own notice. */
export async function playAtGateway(
  deps: HttpDeps,
  gate: MockGate,
  payment: PlayedPayment,
  outcome: Outcome,
): Promise<void> {
  const root = sandboxOf(gate);
  const action = outcome === 'success' ? 'pay' : (FAILURES[payment.provider] ?? 'fail');
  const address = `${root}/panel/api/${payment.provider}/${encodeURIComponent(payment.gatewayOrderId)}/${action}`;
  let { status } = await post(deps, address);
  // Some know a payment only once its buyer has opened it.
  if (status === 404 && (await open(deps, root, payment))) ({ status } = await post(deps, address));
  if (status === 404)
    throw new HttpError(409, 'not_at_gateway', `The stand-in of ${payment.provider} has no such payment`);
  if (status !== 200)
    throw new HttpError(
      409,
      'not_playable',
      `The stand-in of ${payment.provider} answered ${status}: the payment is paid or over there`,
    );
}

/** Follows what the buyer was given: the address of a page, or the text that an app is called with. @returns whether there was any */
async function open(deps: HttpDeps, root: string, { paymentUrl, clientParams }: PlayedPayment): Promise<boolean> {
  const given = Object.values(clientParams ?? {}).map((text) => `${root}/scan?${new URLSearchParams({ text })}`);
  const page = paymentUrl?.startsWith(`${root}/`) ? [paymentUrl] : [];
  const addresses = [...page, ...given];
  for (const address of addresses) await ask(deps, SANDBOX, address, { redirect: 'manual' });
  return addresses.length > 0;
}

const people = z.object({ people: z.array(z.object({ id: z.number() })) });
const paid = z.object({ paid: z.boolean() });

/** The buyer of the order pays its invoice in Telegram's stand-in, with Stars that they are given for it. */
export async function payInStars(deps: HttpDeps, gate: MockGate, payment: PlayedPayment): Promise<void> {
  const root = sandboxOf(gate);
  const { chatId, paymentUrl, amount } = payment;
  const chat = `${root}/chat/api/people`;
  const known = people.safeParse(await (await ask(deps, SANDBOX, chat, {})).json().catch(() => undefined));
  if (chatId === null || paymentUrl === null || !known.success)
    throw new HttpError(409, 'not_at_gateway', "Telegram's stand-in has no such invoice");
  if (!known.data.people.some(({ id }) => id === chatId))
    await post(deps, chat, { id: chatId, name: `Buyer ${chatId}`, language: 'zh-hans' });
  await post(deps, `${chat}/${chatId}/stars`, { stars: amount.minor });
  const reply = await post(deps, `${chat}/${chatId}/pay`, { link: paymentUrl });
  const answer = paid.safeParse(await reply.json().catch(() => undefined));
  if (!answer.data?.paid)
    throw new HttpError(409, 'not_playable', 'The bot did not say yes to the payment, or it is paid already');
}

function sandboxOf({ sandboxUrl }: MockGate): string {
  if (sandboxUrl !== null) return sandboxUrl.replace(/\/+$/, '');
  throw new HttpError(409, 'no_sandbox', 'Where no sandbox runs only payments of the provider mock can be played');
}

function post(deps: HttpDeps, address: string, body?: object): Promise<Response> {
  const sent = body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
  return ask(deps, SANDBOX, address, { method: 'POST', ...sent });
}
