import type { Talk } from '../talk.ts';

/** `/help` */
export async function help(talk: Talk): Promise<void> {
  await talk.say(talk.t('chat.help'));
}

/** `/paysupport`: Telegram requires that a bot which takes money answers it. */
export async function paySupport(talk: Talk): Promise<void> {
  await talk.say(talk.t('chat.paysupport'), [[talk.button('orders', 'orders')]]);
}
