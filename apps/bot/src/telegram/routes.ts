import type { Telegraf } from 'telegraf';
import { isAboutMoney } from './birth/read-answer.ts';
import type { BotContext } from './bot.ts';
import { answerPressed, answerTyped, chooseProduct } from './conversations/buy.ts';
import { cancelCard, cancelTyping, edit, editField } from './conversations/card.ts';
import { checkOrder } from './conversations/check.ts';
import { showCoins } from './conversations/coins.ts';
import { confirm } from './conversations/confirm.ts';
import { askForCoupon, couponTyped, withoutCoupon } from './conversations/coupon.ts';
import { askForget, forget } from './conversations/forget.ts';
import { asGift, newLink } from './conversations/gift.ts';
import { help, howToGive, howToUseCoupon, paySupport } from './conversations/help.ts';
import { askLanguage, chooseLanguage } from './conversations/language.ts';
import { login } from './conversations/login.ts';
import { endRenewalPressed, showMembership } from './conversations/member.ts';
import { cancelUnpaid, listOlderOrders, listOrders, resend, showOrder } from './conversations/orders.ts';
import { pay, payPart, subscribe } from './conversations/pay.ts';
import { askDestination, promote, withdraw } from './conversations/promote.ts';
import { redPacketCode } from './conversations/redpacket.ts';
import { acceptPart, askRefundReason, refund, refundAsCoins, refundForReason } from './conversations/refund.ts';
import { showMenu, start } from './conversations/start.ts';
import { continuesSupport, support } from './conversations/support.ts';
import type { Talk } from './talk.ts';

type Command = (talk: Talk, argument: string) => Promise<void>;

/** Commands and the conversation of each. */
const commands: Readonly<Record<string, Command>> = {
  start,
  orders: listOrders,
  coins: showCoins,
  member: showMembership,
  help,
  paysupport: paySupport,
  promote,
  gift: howToGive,
  coupon: howToUseCoupon,
  language: askLanguage,
  support,
  login,
  forget: askForget,
  cancel: cancelTyping,
};

type Press = (talk: Talk, ...parts: string[]) => Promise<void>;

/** Buttons by the first word of their data, and what the parts behind it are. */
const presses: readonly (readonly [RegExp, Press])[] = [
  [/^menu$/, (talk) => showMenu(talk, talk.t('chat.menu_again'))],
  [/^orders$/, listOrders],
  [/^orders:(\w+)$/, (talk, before = '') => listOlderOrders(talk, before)],
  [/^coins$/, showCoins],
  [/^member$/, showMembership],
  [/^buy:([a-z0-9-]{1,40})$/, (talk, slug = '') => chooseProduct(talk, slug)],
  [/^set:([\w-]+):(\w+):(.+)$/, (talk, id = '', question = '', value = '') => answerPressed(talk, id, question, value)],
  [/^edit:([\w-]+)$/, (talk, id = '') => edit(talk, id)],
  [/^field:([\w-]+):(\w+)$/, (talk, id = '', field = '') => editField(talk, id, field)],
  [/^cancel:([\w-]+)$/, (talk, id = '') => cancelCard(talk, id)],
  [/^confirm:([\w-]+)$/, (talk, id = '') => confirm(talk, id)],
  [/^coupon:([\w-]+)$/, (talk, id = '') => askForCoupon(talk, id)],
  [/^nocoupon:([\w-]+)$/, (talk, id = '') => withoutCoupon(talk, id)],
  [/^gift:([\w-]+)$/, (talk, id = '') => asGift(talk, id)],
  [/^giftlink:(\w+)$/, (talk, orderNo = '') => newLink(talk, orderNo)],
  [/^pay:(\w+):(\w+)$/, (talk, provider = '', orderNo = '') => pay(talk, provider, orderNo)],
  [/^subscribe:(\w+)$/, (talk, orderNo = '') => subscribe(talk, orderNo)],
  [/^endrenewal$/, endRenewalPressed],
  [/^coins:(\w+)$/, (talk, orderNo = '') => payPart(talk, orderNo)],
  [/^order:(\w+)$/, (talk, orderNo = '') => showOrder(talk, orderNo)],
  [/^resend:(\w+)$/, (talk, orderNo = '') => resend(talk, orderNo)],
  [/^check:(\w+)$/, (talk, orderNo = '') => checkOrder(talk, orderNo)],
  [/^refund:(\w+)$/, (talk, orderNo = '') => askRefundReason(talk, orderNo)],
  [/^refundpart:(\w+)$/, (talk, orderNo = '') => acceptPart(talk, orderNo)],
  [/^refundcoins:(\w+)$/, (talk, refundId = '') => refundAsCoins(talk, refundId)],
  [/^withdraw:([A-Z]+)$/, (talk, currency = '') => askDestination(talk, currency)],
  [/^why:(\w+):(\w+)$/, (talk, reason = '', orderNo = '') => refundForReason(talk, reason, orderNo)],
  [/^cancelorder:(\w+)$/, (talk, orderNo = '') => cancelUnpaid(talk, orderNo)],
  [/^language:([\w-]+)$/, (talk, code = '') => chooseLanguage(talk, code)],
  [/^web:(\/[\w/-]{0,40})$/, (talk, path = '') => login(talk, path)],
  [/^forget:(yes|no)$/, (talk, answer = '') => forget(talk, answer)],
];

export function routeConversations(bot: Telegraf<BotContext>): void {
  for (const [pattern, run] of presses) {
    bot.action(pattern, async (ctx) => {
      // Who presses something else does not mean the next line as the answer to what was asked before.
      ctx.talk.session.waiting = null;
      await run(ctx.talk, ...ctx.match.slice(1));
    });
  }
  bot.on('callback_query', async (ctx) => {
    ctx.talk.toast = ctx.talk.t('chat.old_button');
  });
  bot.on('message', async (ctx) => {
    const { message } = ctx;
    if ('text' in message) await hear(ctx.talk, message.text, message.reply_to_message?.message_id);
    else if (CONTENT.some((kind) => kind in message)) await ctx.talk.say(ctx.talk.t('chat.text_only'));
  });
}

/** What people send beside text; anything else is a notice of Telegram's own and wants no answer. */
const CONTENT = [
  'photo',
  'voice',
  'audio',
  'video',
  'video_note',
  'document',
  'sticker',
  'animation',
  'location',
  'contact',
];

/** Read from the text itself: a client, or a person who pastes it, need not mark it as a command. */
const COMMAND = /^\/([a-z]+)(?:@\w+)?(?:\s+([\s\S]*))?$/i;

/** An order number anywhere in a line. */
const ORDER_NUMBER = /(?<![0-9A-Z_])[A-Z]+_[0-9]{8}_[0-9A-Z]{8,12}(?![0-9A-Z_])/;

/** A command, the answer to what was asked last, a whole birth, or nothing we understand. */
async function hear(talk: Talk, text: string, repliesTo: number | undefined): Promise<void> {
  const [, name = '', argument = ''] = COMMAND.exec(text.trim()) ?? [];
  const command = commands[name.toLowerCase()];
  if (command) {
    // A command ends what was waited for; /cancel says whether there was something.
    if (name !== 'cancel') talk.session.waiting = null;
    return command(talk, argument);
  }
  if (repliesTo !== undefined && (await continuesSupport(talk, repliesTo))) return support(talk, text);
  const { waiting } = talk.session;
  if (waiting?.for === 'support') return support(talk, text);
  if (waiting?.for === 'withdrawal') return withdraw(talk, waiting.currency, text);
  if (waiting?.for === 'coupon') return couponTyped(talk, waiting.card, text);
  if (waiting?.for === 'refund_reason') return refund(talk, waiting.orderNo, text);
  if (waiting?.for === 'redpacket') return redPacketCode(talk, waiting.orderNo, text);
  const orderNo = ORDER_NUMBER.exec(text.toUpperCase())?.[0];
  if (orderNo !== undefined) return showOrder(talk, orderNo);
  if (await answerTyped(talk, text)) return;
  if (isAboutMoney(text)) return paySupport(talk);
  await talk.say(talk.t('chat.hint'), [[talk.button('menu', 'menu'), talk.button('orders', 'orders')]]);
}
